/** What is wrong with an address, said so that no part of it that may be secret is shown. */

/** The text is no address that can be used. `message` names what is wrong, `hint` what to do. */
export class DatabaseAddressError extends Error {
  override readonly name = 'DatabaseAddressError';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export const LOOKS_LIKE =
  'it looks like postgres://user:password@host:5432/name; what is no letter or digit in the ' +
  'password must be percent-encoded';

/** An address of a form that is not known. */
export function noAddress(what = 'is not the address of a database'): DatabaseAddressError {
  return new DatabaseAddressError(what, LOOKS_LIKE);
}

/** A parameter that has no meaning with this value. */
export function wrongValue(name: string, wanted: string): DatabaseAddressError {
  return new DatabaseAddressError(
    `has ${name} with a value that it cannot have`,
    `${name} is ${wanted}`,
  );
}
