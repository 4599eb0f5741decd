// Bounded work: every loop over rows, instructions or text burns fuel and stops when there is none.

let fuel: i32 = 0;

export function refuel(units: i32): void {
  fuel = units;
}

/** Burns and says whether there was enough. Amounts are small against the limit, so it never wraps. */
export function burn(units: i32): bool {
  fuel -= units;
  return fuel >= 0;
}

export function isSpent(): bool {
  return fuel < 0;
}

/** Makes every later `burn` fail: for amounts that could wrap. */
export function exhaust(): void {
  fuel = -1;
}
