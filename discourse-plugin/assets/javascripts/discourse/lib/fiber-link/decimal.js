import { DECIMAL } from "./amount";

export function isDecimal(text) {
  return typeof text === "string" && DECIMAL.test(text);
}

export function isPositive(text) {
  return isDecimal(text) && /[1-9]/.test(text);
}
