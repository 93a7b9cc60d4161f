import { settled } from "@ember/test-helpers";

export async function publish(channel, ...args) {
  const bus = globalThis.__discourseOwner.lookup("service:message-bus");
  for (const one of [...bus.subscriptions]) {
    if (one.channel === channel) {
      one.callback(...args);
    }
  }
  await settled();
}
