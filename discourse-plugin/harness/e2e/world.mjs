// A server, a forum that asks it, and a browser: all of it is gone when the test ends.

import { Forum } from "./forum.mjs";
import { launch } from "./pages.mjs";
import { Server } from "./server.mjs";

export const TOPIC = "/t/how-the-fiber-network-settles/1";
export const LOOKS = ["phone", "desk"].flatMap((width) =>
  ["light", "dark"].map((colorScheme) => ({ width, colorScheme }))
);

/** Runs `story` in a world of its own; `settings` are those of Forum.start. */
export async function inWorld(
  story,
  { server: serverSettings, forum: forumSettings, upstream } = {}
) {
  const server = upstream ?? (await Server.start(serverSettings));
  const visits = [];
  let forum;
  let browser;
  try {
    forum = await Forum.start(server, forumSettings);
    browser = await launch();
    const visit = async (username, path, look) => {
      visits.push(await forum.visit(browser, username, path, look));
      return visits.at(-1);
    };
    await story({ server, forum, visit });
  } catch (error) {
    error.message += `\n--- the forum said\n${forum?.log.slice(-2000)}`;
    await Promise.allSettled(visits.map((one) => one.photograph("failed")));
    throw error;
  } finally {
    // Each of them, also if one before it does not end as it should.
    try {
      await browser?.close();
    } finally {
      try {
        await forum?.stop();
      } finally {
        await server.stop();
      }
    }
  }
}

/** What people see and press, by the words that they read. */
export class Topic {
  constructor(visit) {
    this.visit = visit;
    this.page = visit.page;
  }

  post(number) {
    return this.page.locator(`#post_${number}`);
  }

  tipButton(number) {
    return this.post(number).getByRole("button", { name: "Tip this post" });
  }

  heading(words) {
    return this.page.getByRole("heading", { name: words });
  }

  button(words) {
    return this.page.getByRole("button", { name: words, exact: true });
  }

  /** Opens the window of a post, up to its form. */
  async open(number) {
    await this.tipButton(number).click();
    await this.button("Create invoice").waitFor();
  }

  async create(amount, { message, anonymous = false } = {}) {
    await this.page.getByLabel("Amount in CKB").fill(amount);
    if (message) {
      await this.page.getByLabel("Message (optional)").fill(message);
    }
    if (anonymous) {
      await this.page.getByLabel("Tip anonymously").check();
    }
    await this.button("Create invoice").click();
  }

  /** The invoice that is shown. */
  async invoice() {
    await this.heading("Waiting for the payment").waitFor();
    return this.page.getByLabel("Invoice", { exact: true }).inputValue();
  }

  settled() {
    return this.heading("Thank you, the tip has arrived").waitFor();
  }
}
