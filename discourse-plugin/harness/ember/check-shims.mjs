// Keeps the stand-ins honest: each one must exist in Discourse's real declarations, and
// may export nothing, and have no public member, that the real module does not have.
import { Preprocessor } from "content-tag";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import ts from "typescript";

const require = createRequire(import.meta.url);
const PLUGIN = path.resolve(import.meta.dirname, "../..");
const SHIMS = path.join(import.meta.dirname, "shims/discourse");
const DECLARATIONS = path.join(PLUGIN, "node_modules/discourse/declarations");
const ROOTS =
  /^(tests|admin|float-kit|select-kit|truth-helpers|dialog-holder)\//;
// Members that a declaration need not repeat: hooks of the framework, and what Discourse's
// @singleton decorator adds.
const UNDECLARED = new Set([
  "constructor",
  "modify",
  "willDestroy",
  "init",
  "current",
  "currentProp",
]);

function declarationOf(shim) {
  const module = shim.replace(/\.g?js$/, "");
  const root = ROOTS.test(module) ? "" : "app";
  return path.join(DECLARATIONS, root, `${module}.d.ts`);
}

function sourceOf(file) {
  const code = readFileSync(file, "utf8");
  return file.endsWith(".gjs")
    ? new Preprocessor().process(code, { filename: file }).code
    : code;
}

function hasModifier(node, kind) {
  return node.modifiers?.some((modifier) => modifier.kind === kind);
}

function publicMembers(node) {
  return node.members
    .map(({ name }) => name)
    .filter((name) => name && ts.isIdentifier(name))
    .map((name) => name.text)
    .filter((name) => !UNDECLARED.has(name));
}

// The names that a stand-in exports, and the members of the classes among them.
function offered(file) {
  const source = ts.createSourceFile("shim.js", sourceOf(file), {
    languageVersion: ts.ScriptTarget.ES2022,
  });
  const names = new Map();
  const classes = [];
  source.forEachChild((node) => {
    if (ts.isClassDeclaration(node)) {
      classes.push(node);
    }
    if (ts.isExportAssignment(node)) {
      names.set("default", []);
    } else if (ts.isExportDeclaration(node)) {
      node.exportClause.elements.forEach(({ name }) =>
        names.set(name.text, [])
      );
    } else if (hasModifier(node, ts.SyntaxKind.ExportKeyword)) {
      // A component's members are its own affair: others see its arguments.
      const seen = ts.isClassDeclaration(node) && !file.endsWith(".gjs");
      const members = seen ? publicMembers(node) : [];
      const declared = ts.isVariableStatement(node)
        ? node.declarationList.declarations.map(({ name }) => name.text)
        : [node.name?.text];
      const isDefault = hasModifier(node, ts.SyntaxKind.DefaultKeyword);
      (isDefault ? ["default"] : declared).forEach((name) =>
        names.set(name, members)
      );
    }
  });
  return { names, classes };
}

function memberNames(checker, symbol) {
  const target =
    // eslint-disable-next-line no-bitwise
    symbol.flags & ts.SymbolFlags.Alias
      ? checker.getAliasedSymbol(symbol)
      : symbol;
  const [declaration] = target.declarations ?? [];
  if (!declaration) {
    return new Set();
  }
  const types = [
    checker.getDeclaredTypeOfSymbol(target),
    checker.getTypeOfSymbolAtLocation(target, declaration),
  ];
  return new Set(
    types
      .flatMap((type) => checker.getPropertiesOfType(type))
      .map((s) => s.name)
  );
}

// The members of the class that a plugin's initializer is handed.
function pluginApiMembers(program) {
  const file = program.getSourceFile(
    path.join(DECLARATIONS, "app/lib/plugin-api.d.ts")
  );
  const checker = program.getTypeChecker();
  const declaration = file.statements.find(
    (node) => ts.isClassDeclaration(node) && node.name?.text === "_PluginApi"
  );
  const type = checker.getDeclaredTypeOfSymbol(
    checker.getSymbolAtLocation(declaration.name)
  );
  return new Set(checker.getPropertiesOfType(type).map(({ name }) => name));
}

function check(shim, program) {
  const file = program.getSourceFile(declarationOf(shim));
  if (!file) {
    return ["Discourse has no such module"];
  }
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(file);
  const real = new Map(
    checker.getExportsOfModule(symbol).map((one) => [one.name, one])
  );
  const problems = [];
  const { names, classes } = offered(path.join(SHIMS, shim));
  for (const [name, members] of names) {
    if (!real.has(name)) {
      problems.push(`Discourse does not export "${name}"`);
      continue;
    }
    const known = members.length && memberNames(checker, real.get(name));
    for (const member of members) {
      if (!known.has(member)) {
        problems.push(`Discourse's "${name}" has no member "${member}"`);
      }
    }
  }
  if (shim === "lib/plugin-api.js") {
    const known = pluginApiMembers(program);
    const [api] = classes.filter(({ name }) => name.text === "PluginApi");
    for (const member of publicMembers(api)) {
      if (!known.has(member)) {
        problems.push(`the plugin API has no "${member}"`);
      }
    }
  }
  return problems;
}

const shims = readdirSync(SHIMS, { recursive: true })
  .filter((file) => /\.g?js$/.test(file))
  .sort();
const program = ts.createProgram({
  rootNames: shims.map(declarationOf),
  options: {
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ES2022,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    baseUrl: path.dirname(require.resolve("typescript/package.json")),
  },
});

function print(line) {
  process.stdout.write(`${line}\n`);
}

let failed = 0;
for (const shim of shims) {
  const problems = check(shim, program);
  failed += problems.length;
  problems.forEach((problem) => print(`discourse/${shim}: ${problem}`));
}
print(`${shims.length} stand-ins, ${failed} problems`);
process.exitCode = failed || !shims.length ? 1 : 0;
