import { module, test } from "qunit";
import {
  isPayable,
  qrDrawing,
  walletLink,
} from "discourse/plugins/fiber-link/discourse/lib/fiber-link/invoice";

module("Unit | Lib | fiber-link | invoice", function () {
  test("only letters and digits make a link", function (assert) {
    assert.strictEqual(walletLink("fibt1abc"), "fiber:fibt1abc", "an invoice");
    for (const invoice of [
      "",
      null,
      42,
      "a b",
      "x\njavascript:alert(1)",
      "fibt1?amount=9",
      "<script>",
      "a".repeat(4001),
    ]) {
      assert.strictEqual(walletLink(invoice), null, `not ${invoice}`);
      assert.false(isPayable(invoice), "and is not offered as payable");
    }
  });

  test("a QR code has a margin of four on each side", function (assert) {
    assert.deepEqual(
      qrDrawing({ modules: 21, path: "M0 0h1v1h-1z" }),
      { path: "M0 0h1v1h-1z", viewBox: "-4 -4 29 29", side: 29 },
      "around its modules"
    );
  });

  test("anything but the path of a QR code is not drawn", function (assert) {
    for (const qr of [
      null,
      {},
      { modules: 21 },
      { modules: 21, path: "" },
      { modules: "21", path: "M0 0z" },
      { modules: 9999, path: "M0 0z" },
      { modules: 21, path: 'M0 0"/><script>' },
      { modules: 21, path: "url(#x)" },
      { modules: 21, path: "M0 0z ".repeat(40_000) },
    ]) {
      assert.strictEqual(qrDrawing(qr), null, JSON.stringify(qr)?.slice(0, 60));
    }
  });
});
