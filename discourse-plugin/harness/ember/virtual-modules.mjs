// What the forum would hand to the front end: the plugin's own words, icons and client
// settings, read from the plugin's real files so that a missing one is seen here.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import YAML from "yaml";

const require = createRequire(import.meta.url);
const PLUGIN = path.resolve(import.meta.dirname, "../..");
const ICONS = path.join(
  path.dirname(require.resolve("@fortawesome/fontawesome-free/package.json")),
  "svgs"
);

function read(file) {
  return readFileSync(path.join(PLUGIN, file), "utf8");
}

function asModule(value) {
  return `export default ${JSON.stringify(value)}`;
}

function merge(into, from) {
  for (const [key, value] of Object.entries(from ?? {})) {
    if (into[key] && typeof value === "object") {
      merge(into[key], value);
    } else {
      into[key] = value;
    }
  }
  return into;
}

export function localeModule(watch) {
  const own = path.join(PLUGIN, "config/locales/client.en.yml");
  const core = path.join(import.meta.dirname, "core-words.yml");
  const words = {};
  for (const file of [core, own]) {
    watch(file);
    const { js, admin_js } = YAML.parse(readFileSync(file, "utf8")).en;
    merge(merge(words, js), admin_js);
  }
  return asModule(words);
}

// Icons that the plugin registers, and the ones that Discourse always has.
export function iconsModule(watch) {
  const core = path.join(import.meta.dirname, "core-icons.json");
  const manifest = path.join(PLUGIN, "plugin.rb");
  watch(core);
  const names = new Set(JSON.parse(readFileSync(core, "utf8")));
  if (existsSync(manifest)) {
    watch(manifest);
    for (const [, name] of read("plugin.rb").matchAll(
      /register_svg_icon\(?\s*["']([\w-]+)["']/g
    )) {
      names.add(name);
    }
  }
  return asModule(
    Object.fromEntries([...names].map((name) => [name, icon(name)]))
  );
}

function icon(name) {
  const far = name.startsWith("far-");
  const file = path.join(
    ICONS,
    far ? "regular" : "solid",
    `${far ? name.slice(4) : name}.svg`
  );
  if (!existsSync(file)) {
    throw new Error(`Font Awesome has no icon "${name}"`);
  }
  const svg = readFileSync(file, "utf8");
  return {
    viewBox: svg.match(/viewBox="([^"]+)"/)[1],
    path: svg.match(/ d="([^"]+)"/)[1],
  };
}

// Defaults of the settings that config/settings.yml sends to the client.
export function settingsModule(watch) {
  const file = path.join(PLUGIN, "config/settings.yml");
  const settings = {};
  if (existsSync(file)) {
    watch(file);
    for (const group of Object.values(YAML.parse(readFileSync(file, "utf8")))) {
      for (const [name, setting] of Object.entries(group)) {
        if (setting?.client) {
          settings[name] = setting.default;
        }
      }
    }
  }
  return asModule(settings);
}
