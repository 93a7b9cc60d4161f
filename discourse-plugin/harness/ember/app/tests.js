import { setApplication } from "@ember/test-helpers";
import "./styles";
import { setupEmberOnerrorValidation, start } from "ember-qunit";
import * as QUnit from "qunit";
import { setup } from "qunit-dom";
import { createApplication } from "./application";

setup(QUnit.assert);
setApplication(
  createApplication({ location: "none", rootElement: "#ember-testing" })
);

const only = new URLSearchParams(location.search).get("file");
const files = import.meta.glob([
  "../../../test/javascripts/**/*-test.{gjs,js}",
  "../tests/*-test.{gjs,js}",
]);
for (const [file, load] of Object.entries(files)) {
  if (!only || file.includes(only)) {
    await load();
  }
}

const results = [];
QUnit.testDone(({ module, name, failed, runtime, assertions }) => {
  results.push({
    name: `${module}: ${name}`,
    failed,
    runtime,
    assertions: assertions.filter((one) => !one.result),
  });
});
QUnit.on("runEnd", ({ testCounts }) => {
  globalThis.__results = { counts: testCounts, results };
});

QUnit.config.testTimeout = 60_000;
setupEmberOnerrorValidation();
start({ loadTests: false, setupEmberOnerrorValidation: false });
