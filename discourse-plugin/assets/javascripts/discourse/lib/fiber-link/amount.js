import { i18n } from "discourse-i18n";
import { DECIMAL } from "./decimal";

// Amounts are decimal strings outside and whole base units (BigInt) inside. They are
// never Numbers: those are inexact beyond 2^53.
const LONGEST_QUOTE = 40;

/** An amount that cannot be taken; `words` say what came and what is allowed. */
export class AmountError extends Error {
  /**
   * @param {string} reason
   * @param {Record<string, string | number>} [values]
   */
  constructor(reason, values = {}) {
    super(`amount: ${reason}`);
    this.reason = reason;
    this.values = values;
  }

  get words() {
    return i18n(`fiber_link.amount.errors.${this.reason}`, this.values);
  }
}

function quoted(text) {
  return text.length > LONGEST_QUOTE
    ? `${text.slice(0, LONGEST_QUOTE)}…`
    : text;
}

function split(text) {
  const match = DECIMAL.exec(text);
  if (!match) {
    throw new AmountError("not_a_number", { came: quoted(text) });
  }
  return { whole: match[1], fraction: match[2] ?? "" };
}

/**
 * @param {string} text a decimal string
 * @param {{asset: string, decimals: number}} asset
 * @returns {bigint} base units
 */
export function parseAmount(text, { asset, decimals }) {
  const came = String(text ?? "").trim();
  if (!came) {
    throw new AmountError("missing");
  }
  const { whole, fraction } = split(came);
  if (fraction.length > decimals) {
    throw new AmountError("too_many_decimals", {
      came: quoted(came),
      asset,
      count: decimals,
    });
  }
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/**
 * @param {bigint} units
 * @param {number} decimals
 * @returns {string} without zeros that say nothing
 */
export function formatAmount(units, decimals) {
  const digits = units.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction ? `${whole}.${fraction}` : whole;
}

/**
 * An amount that somebody entered, against the limits of its asset.
 *
 * @param {string} text
 * @param {{asset: string, decimals: number, minimum?: string, maximum?: string}} limits
 * @returns {string} the amount as the server is asked for it
 */
export function checkAmount(text, limits) {
  const { asset, decimals, minimum, maximum } = limits;
  const units = parseAmount(text, limits);
  const came = quoted(text.trim());
  if (units === 0n) {
    throw new AmountError("not_positive");
  }
  if (minimum && units < parseAmount(minimum, limits)) {
    throw new AmountError("below_minimum", { came, minimum, asset });
  }
  if (maximum && units > parseAmount(maximum, limits)) {
    throw new AmountError("above_maximum", { came, maximum, asset });
  }
  return formatAmount(units, decimals);
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number} below, at or above 0, as a sort wants it
 */
export function compareAmounts(a, b) {
  const parts = [split(a), split(b)];
  const decimals = Math.max(...parts.map(({ fraction }) => fraction.length));
  const [left, right] = parts.map(({ whole, fraction }) =>
    BigInt(whole + fraction.padEnd(decimals, "0"))
  );
  return left < right ? -1 : left > right ? 1 : 0;
}
