// What open windows cost: the server is asked by the forum, and not once for each of them.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { Server } from "./server.mjs";
import { Wire } from "./wire.mjs";
import { inWorld, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

const WINDOWS = 20;
const MINUTES = 10;
const MOST_A_MINUTE = 20;

test(`${WINDOWS} windows that are open for ${MINUTES} minutes ask the forum and the server seldom`, async (context) => {
  const server = await Server.start();
  const wire = await Wire.before(server);
  await inWorld(
    async ({ visit }) => {
      const first = new Topic(await visit("tipper", TOPIC));
      await first.open(1);
      await first.create("10");
      const invoice = await first.invoice();

      const windows = [];
      for (let number = 0; number < WINDOWS; number++) {
        const topic = new Topic(await visit("tipper", TOPIC));
        await topic.page.clock.install();
        await topic.tipButton(1).click();
        assert.equal(await topic.invoice(), invoice);
        windows.push(topic);
      }
      let polls = 0;
      const count = (request) => {
        polls += /\/fiber-link\/tips\/[0-9a-f-]{36}\.json/.test(request.url())
          ? 1
          : 0;
      };
      windows.forEach(({ page }) => page.on("request", count));
      assert.ok(wire.requests > 0, "what is asked of the server is counted");
      wire.requests = 0;
      // All clocks of the windows go together, half a minute at a time.
      for (let half = 0; half < MINUTES * 2; half++) {
        await Promise.all(
          windows.map(({ page }) => page.clock.fastForward("00:30"))
        );
      }
      context.diagnostic(
        `in ${MINUTES} minutes: ${polls} requests to the forum, ${wire.requests} to the server`
      );
      assert.ok(polls >= WINDOWS, `the windows did ask: ${polls} times`);
      assert.ok(
        polls < MOST_A_MINUTE * MINUTES,
        `the windows asked the forum ${polls} times`
      );
      assert.ok(
        wire.requests < MOST_A_MINUTE * MINUTES,
        `the forum asked the server ${wire.requests} times`
      );

      await server.simulate("pay", { invoice });
      for (const topic of windows) {
        await topic.settled();
        await topic.visit.end();
      }
      await first.settled();
    },
    { upstream: wire, forum: { STAND_IN_NO_RATE_LIMITS: "1" } }
  );
});
