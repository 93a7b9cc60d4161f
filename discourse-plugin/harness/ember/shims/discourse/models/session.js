let session = {};

export default class Session {
  static current() {
    return session;
  }

  static currentProp(name, value) {
    if (value !== undefined) {
      session[name] = value;
    }
    return session[name];
  }
}
