import { setupApplicationTest as emberSetupApplicationTest } from "ember-qunit";
import { module } from "qunit";
import {
  parsePostData,
  resetPretender,
  response,
  success,
} from "discourse/tests/helpers/create-pretender";
import { startPlugin } from "../../../../app/application";
import { publish } from "../../../../state/test-bus";
import { EVILTROUT, prepare } from "../../../../state/test-services";

export function publishToMessageBus(channelPath, ...args) {
  return publish(channelPath, ...args);
}

export function acceptance(name, callback) {
  module(`Acceptance: ${name}`, function (hooks) {
    const wanted = { user: null, settings: {}, pretenders: [] };
    callback.call(this, {
      user: (changes) => (wanted.user = { ...EVILTROUT, ...changes }),
      settings: (changes) => Object.assign(wanted.settings, changes),
      pretender: (make) => wanted.pretenders.push(make),
      hooks,
    });

    emberSetupApplicationTest(hooks);
    hooks.beforeEach(function () {
      const server = resetPretender();
      const helper = { parsePostData, response, success };
      wanted.pretenders.forEach((make) => make(server, helper));
      Object.assign(this, prepare(this.owner, wanted));
      startPlugin(this.owner);
    });
  });
}
