/** What the shop prints and posts, as campaigns call it; the shop itself has the same names. */

export const formats: readonly string[] = ['4x6', '6x9', '6x11'];
export const mailClasses: readonly string[] = ['first_class', 'standard'];
