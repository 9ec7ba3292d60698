/** What Lob prints, and how it calls it. */
export const formats = ['4x6', '6x9', '6x11'] as const;

export const mailTypes: Readonly<Record<string, string>> = {
  first_class: 'usps_first_class',
  standard: 'usps_standard',
};
export const mailClasses = ['first_class', 'standard'] as const;

/** Both lines together, as they are printed. */
export const longestLines = 50;
export const longestName = 40;
