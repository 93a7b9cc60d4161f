import words from "virtual:locale";

const PLURALS = new Intl.PluralRules("en");

function find(key) {
  return key.split(".").reduce((node, part) => node?.[part], words);
}

// Discourse shows a missing word as "[en.key]"; here it is an error.
export function i18n(key, options = {}) {
  let text = find(key);
  if (text && typeof text === "object" && "count" in options) {
    text = text[PLURALS.select(Number(options.count))] ?? text.other;
  }
  if (typeof text !== "string") {
    throw new Error(`client.en.yml has no words for "${key}"`);
  }
  return text.replace(/%\{(\w+)\}/g, (all, name) => {
    if (options[name] === undefined) {
      throw new Error(`"${key}" needs a value for %{${name}}`);
    }
    return String(options[name]);
  });
}

export default { t: i18n };
