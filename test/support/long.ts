/** Whether this is the long form, `npm run test:long`: more rounds, and what few changes touch. */
export const isLong = process.env['POSTRIDER_TEST_LONG'] === '1';
