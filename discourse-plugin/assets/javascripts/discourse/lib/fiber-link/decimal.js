// An amount in words of digits: its whole part, and its decimals if there are any.
export const DECIMAL = /^(\d+)(?:\.(\d+))?$/;

export function isDecimal(text) {
  return typeof text === "string" && DECIMAL.test(text);
}

export function isPositive(text) {
  return isDecimal(text) && /[1-9]/.test(text);
}
