export function privateReads(
  path: string,
  text: string,
): { readonly line: number; readonly name: string }[];
