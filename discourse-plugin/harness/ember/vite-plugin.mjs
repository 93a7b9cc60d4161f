// Compiles the plugin's .gjs as Discourse does (content-tag, then Babel's template
// compilation, on ember-source) and resolves `discourse/*` to the stand-ins in shims/.
import { transformAsync } from "@babel/core";
import { buildMacros } from "@embroider/macros/babel";
import { Preprocessor } from "content-tag";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import {
  iconsModule,
  localeModule,
  settingsModule,
} from "./virtual-modules.mjs";

const require = createRequire(import.meta.url);
const HARNESS = import.meta.dirname;
const SHIMS = path.join(HARNESS, "shims");
const PLUGIN = path.resolve(HARNESS, "../..");
const EMBER = path.dirname(require.resolve("ember-source/package.json"));
const RENAMED = require("ember-source/package.json")["ember-addon"][
  "renamed-modules"
];
const OWN = "discourse/plugins/fiber-link/";
const ENDINGS = ["", ".gjs", ".js", ".mjs", "/index.js"];
const USES_MACROS =
  /node_modules\/(ember-source\/dist\/packages|ember-qunit|@ember\/test-helpers|@ember\/test-waiters|ember-modifier|ember-resolver)\//;

const VIRTUAL = {
  "virtual:locale": localeModule,
  "virtual:icons": iconsModule,
  "virtual:site-settings": settingsModule,
};

function fileAt(...bases) {
  for (const base of bases) {
    for (const ending of ENDINGS) {
      const file = base + ending;
      if (existsSync(file) && statSync(file).isFile()) {
        return file;
      }
    }
  }
}

function emberModule(source) {
  for (const key of [`${source}/index.js`, `${source}.js`, source]) {
    if (RENAMED[key]) {
      const file = RENAMED[key].replace(/^ember-source\//, "");
      return path.join(EMBER, "dist/packages", file);
    }
  }
}

function pluginModule(source, importer) {
  const rest = source.slice(OWN.length);
  const file = fileAt(
    path.join(PLUGIN, "assets/javascripts", rest),
    path.join(PLUGIN, "admin/assets/javascripts", rest)
  );
  if (!file) {
    throw new Error(`no such file of the plugin: ${source} (${importer})`);
  }
  return file;
}

function discourseModule(source, importer) {
  const file = fileAt(path.join(SHIMS, source));
  if (!file) {
    throw new Error(`no stand-in for "${source}" (imported by ${importer})`);
  }
  return file;
}

function resolveId(source, importer) {
  if (VIRTUAL[source]) {
    return `\0${source}`;
  }
  if (source === "@glimmer/env") {
    return path.join(HARNESS, "glimmer-env.js");
  }
  if (source === "discourse-i18n") {
    return path.join(SHIMS, "discourse-i18n.js");
  }
  if (source.startsWith(OWN)) {
    return pluginModule(source, importer);
  }
  if (source.startsWith("discourse/")) {
    return discourseModule(source, importer);
  }
  if (
    source.startsWith(".") &&
    importer &&
    !importer.includes("node_modules")
  ) {
    return fileAt(path.resolve(path.dirname(importer), source));
  }
  return emberModule(source);
}

function babelPlugins(file, macros) {
  if (file.startsWith(EMBER)) {
    return macros.babelMacros;
  }
  return [
    [
      "babel-plugin-ember-template-compilation",
      {
        compilerPath:
          require.resolve("ember-source/ember-template-compiler/index.js"),
        targetFormat: "wire",
        transforms: [...macros.templateMacros],
      },
    ],
    [
      "module:decorator-transforms",
      { runEarly: true, runtime: { import: "decorator-transforms/runtime" } },
    ],
    ...macros.babelMacros,
  ];
}

export default function discourse() {
  // As in development: Ember's assertions hold, and tests wait for requests.
  const macros = buildMacros({
    dir: PLUGIN,
    configure: (config) => config.enablePackageDevelopment(PLUGIN),
  });
  return {
    name: "discourse-harness",
    enforce: "pre",
    resolveId(source, importer) {
      return source.startsWith("\0") ? undefined : resolveId(source, importer);
    },
    load(id) {
      const make = id.startsWith("\0") && VIRTUAL[id.slice(1)];
      return make ? make((file) => this.addWatchFile(file)) : undefined;
    },
    async transform(code, id) {
      const [file] = id.split("?");
      const ours = file.startsWith(PLUGIN) && !file.includes("node_modules");
      const gjs = file.endsWith(".gjs");
      if (
        !/\.(gjs|m?js)$/.test(file) ||
        !(ours || gjs || USES_MACROS.test(file))
      ) {
        return;
      }
      const source = gjs
        ? new Preprocessor().process(readFileSync(file, "utf8"), {
            filename: file,
          }).code
        : code;
      const result = await transformAsync(source, {
        filename: file,
        babelrc: false,
        configFile: false,
        sourceMaps: true,
        plugins: babelPlugins(file, macros),
      });
      return { code: result.code, map: result.map };
    },
  };
}
