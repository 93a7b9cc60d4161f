// A small client of the message bus: one long poll for all channels.
const ANY = -1;
const PAUSE = 1000;

function clientId() {
  return crypto.randomUUID().replaceAll("-", "");
}

export class MessageBus {
  clientId = clientId();
  subscriptions = [];
  #running = false;
  #request = null;

  subscribe(channel, callback, lastId = ANY) {
    this.subscriptions.push({ channel, callback, lastId });
    this.#request?.abort();
    return callback;
  }

  unsubscribe(channel, callback) {
    this.subscriptions = this.subscriptions.filter(
      (one) =>
        one.channel !== channel || (callback && one.callback !== callback)
    );
  }

  start() {
    if (!this.#running) {
      this.#running = true;
      this.#loop();
    }
  }

  stop() {
    this.#running = false;
    this.#request?.abort();
  }

  deliver({ channel, data, message_id, global_id }) {
    for (const one of [...this.subscriptions]) {
      if (channel === "/__status") {
        one.lastId = data[one.channel] ?? one.lastId;
      } else if (one.channel === channel && !(message_id <= one.lastId)) {
        one.lastId = message_id ?? one.lastId;
        one.callback(data, global_id, message_id);
      }
    }
  }

  async #loop() {
    while (this.#running) {
      if (this.subscriptions.length === 0) {
        await pause(200);
        continue;
      }
      try {
        (await this.#poll()).forEach((message) => this.deliver(message));
      } catch (error) {
        if (error.name !== "AbortError") {
          await pause(PAUSE);
        }
      }
    }
  }

  async #poll() {
    const form = new URLSearchParams();
    for (const { channel, lastId } of this.subscriptions) {
      form.set(channel, lastId);
    }
    this.#request = new AbortController();
    const answer = await fetch(`/message-bus/${this.clientId}/poll?`, {
      method: "POST",
      body: form,
      headers: { "X-Requested-With": "XMLHttpRequest" },
      signal: this.#request.signal,
    });
    if (!answer.ok) {
      throw new Error(`the message bus answered ${answer.status}`);
    }
    return answer.json();
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
