export function and(...values) {
  return values.reduce((result, value) => result && value, true);
}

export function or(...values) {
  return values.reduce((result, value) => result || value, false);
}

export function not(value) {
  return !value;
}

export function eq(a, b) {
  return a === b;
}

export function notEq(a, b) {
  return a !== b;
}

export function gt(a, b) {
  return a > b;
}

export function lt(a, b) {
  return a < b;
}
