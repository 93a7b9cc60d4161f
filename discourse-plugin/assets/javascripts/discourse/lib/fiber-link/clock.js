// The browser's time, in one place so that a test can put its own there.
export const browserClock = {
  now() {
    return Date.now();
  },

  random() {
    return Math.random();
  },

  /** Calls back once; what is returned takes it back. */
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
