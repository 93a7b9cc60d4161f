import { settled } from "@ember/test-helpers";

const SECOND = 1000;

/** A clock that goes only when a test says so. */
export default class FakeClock {
  timers = new Set();
  share = 0.5;

  constructor(start = "2026-10-01T12:00:00Z") {
    this.time = Date.parse(start);
  }

  now() {
    return this.time;
  }

  random() {
    return this.share;
  }

  after(milliseconds, callback) {
    const timer = { at: this.time + milliseconds, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  inSeconds(seconds) {
    return new Date(this.time + seconds * SECOND).toISOString();
  }

  /** In steps of so many seconds: a timer rings at the first step after its time. */
  async advance(seconds, step = 1) {
    for (let gone = 0; gone < seconds; gone += step) {
      this.time += step * SECOND;
      let rang = false;
      for (const timer of [...this.timers]) {
        if (timer.at <= this.time && this.timers.delete(timer)) {
          timer.callback();
          rang = true;
        }
      }
      if (rang) {
        await settled();
      }
    }
  }
}
