import { module, test } from "qunit";
import { TipIntent } from "discourse/plugins/fiber-link/discourse/lib/fiber-link/idempotency-key";

const WANTED = {
  post_id: 1,
  asset: "CKB",
  amount: "10",
  message: "",
  anonymous: false,
};

module("Unit | Lib | fiber-link | tip-intent", function () {
  test("the same tip keeps its key until it is made", function (assert) {
    const intent = new TipIntent();

    const key = intent.keyFor(WANTED);

    assert.true(key.length >= 32, "a long one");
    assert.strictEqual(intent.keyFor({ ...WANTED }), key, "however often");
    intent.end();
    assert.notStrictEqual(intent.keyFor(WANTED), key, "then it is another tip");
  });

  for (const change of [
    { post_id: 2 },
    { asset: "USDI" },
    { amount: "11" },
    { message: "thanks" },
    { anonymous: true },
  ]) {
    test(`another ${Object.keys(change)} is another tip`, function (assert) {
      const intent = new TipIntent();

      const key = intent.keyFor(WANTED);

      assert.notStrictEqual(
        intent.keyFor({ ...WANTED, ...change }),
        key,
        "with another key"
      );
    });
  }

  test("a key can be made where randomUUID is missing", function (assert) {
    const original = Object.getOwnPropertyDescriptor(
      Crypto.prototype,
      "randomUUID"
    );
    Object.defineProperty(Crypto.prototype, "randomUUID", {
      value: undefined,
      configurable: true,
    });
    try {
      const keys = [1, 2].map(() => new TipIntent().keyFor(WANTED));

      assert.true(/^[0-9a-f]{32}$/.test(keys[0]), "of 16 random bytes");
      assert.notStrictEqual(keys[0], keys[1], "each time another");
    } finally {
      Object.defineProperty(Crypto.prototype, "randomUUID", original);
    }
  });
});
