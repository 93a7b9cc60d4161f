import { i18n } from "discourse-i18n";

const STEPS = [
  [60, "seconds"],
  [60, "minutes"],
  [24, "hours"],
  [Infinity, "days"],
];

export function relativeAge(date) {
  let distance = Math.round((Date.now() - new Date(date)) / 1000);
  if (distance < 1) {
    return i18n("relative.now");
  }
  for (const [size, unit] of STEPS) {
    if (distance < size) {
      return i18n(`relative.${unit}`, { count: distance });
    }
    distance = Math.floor(distance / size);
  }
}

export function longDate(dt) {
  return new Date(dt).toLocaleString("en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "UTC",
  });
}
