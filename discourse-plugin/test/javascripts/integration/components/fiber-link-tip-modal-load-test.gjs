import { render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkTipModal from "discourse/plugins/fiber-link/discourse/components/modal/fiber-link-tip";
import FakeClock from "../../helpers/fake-clock";
import { OPTIONS, TIP } from "../../helpers/tips";

const MODALS = 20;
const MINUTES = 10;

module("Integration | Component | FiberLinkTipModal load", function (hooks) {
  setupRenderingTest(hooks);

  test("twenty open modals make fewer than 20 requests a minute over ten minutes, and in each one after the first two", async function (assert) {
    const clock = new FakeClock();
    let drawn = 0;
    clock.random = () => (drawn++ * 0.37) % 1;
    const perMinute = Array.from({ length: MINUTES + 1 }, () => 0);
    const start = clock.now();
    const counted = (answer) => (request) => {
      perMinute[Math.floor((clock.now() - start) / 60_000)]++;
      return response(answer(request));
    };
    pretender.get(
      "/fiber-link/tips/open.json",
      counted(({ queryParams: { post_id } }) => ({
        tip: { ...TIP, id: Number(post_id) },
      }))
    );
    pretender.get(
      "/fiber-link/tips/options.json",
      counted(() => OPTIONS)
    );
    pretender.get(
      "/fiber-link/tips/:id",
      counted(({ params }) => ({
        tip: { ...TIP, id: parseInt(params.id, 10) },
      }))
    );
    const models = Array.from({ length: MODALS }, (_, index) => ({
      post: { id: index + 1, username: "sam" },
      clock,
    }));

    await render(
      <template>
        {{#each models as |model|}}<FiberLinkTipModal
            @model={{model}}
          />{{/each}}
      </template>
    );
    assert.dom(".fiber-link-tip-invoice").exists({ count: MODALS }, "all open");
    await clock.advance(MINUTES * 60, 5);

    const total = perMinute.reduce((sum, count) => sum + count, 0);
    const opening = 2 * MODALS;
    assert.true(
      total - opening >= 6 * MODALS,
      `they do ask: ${total - opening} times in ten minutes`
    );
    assert.true(
      total < 20 * MINUTES,
      `${total} requests, the opening ones among them: ${perMinute}`
    );
    assert.true(
      perMinute.slice(2).every((count) => count < 20),
      `and fewer than 20 in each minute once the first two are over: ${perMinute}`
    );
  });
});
