/** Values of classified columns in `shop.sql`, by their shapes: none of them may reach a client unmasked. */
export const CANARIES: Readonly<Record<'name' | 'email' | 'ssn' | 'phone' | 'birthday' | 'payroll', RegExp>> =
  {
    name: /Canaryname\d\d/,
    email: /canarymail\d\d@leak\.example/,
    ssn: /917-53-42\d\d/,
    phone: /\+1-555-867-73\d\d/,
    birthday: /19[67]\d-\d\d-\d\d/,
    payroll: /Canaryworker\d/,
  };

/** Names of the classified columns of which `text` holds a value. */
export function leaksIn(text: string): readonly string[] {
  return Object.entries(CANARIES)
    .filter(([, shape]) => shape.test(text))
    .map(([column]) => column);
}
