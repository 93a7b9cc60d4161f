import { setupRenderingTest as emberSetupRenderingTest } from "ember-qunit";
import { resetPretender } from "discourse/tests/helpers/create-pretender";
import { EVILTROUT, prepare } from "../../../../state/test-services";

export function setupRenderingTest(hooks, { anonymous = false } = {}) {
  emberSetupRenderingTest(hooks);

  hooks.beforeEach(function () {
    resetPretender();
    const user = anonymous ? null : { ...EVILTROUT };
    Object.assign(this, prepare(this.owner, { user }));
  });
}
