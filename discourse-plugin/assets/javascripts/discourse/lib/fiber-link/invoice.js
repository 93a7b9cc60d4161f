// What comes from the service is checked before anything is made of it.
const INVOICE = /^[A-Za-z0-9]+$/;
const SVG_PATH = /^[MmHhVvZzLl0-9 .,-]*$/;
const LONGEST_INVOICE = 4000;
const LONGEST_PATH = 200_000;
const SMALLEST_QR = 21;
const LARGEST_QR = 177;
const MARGIN = 4;

export function isPayable(invoice) {
  return (
    typeof invoice === "string" &&
    invoice.length <= LONGEST_INVOICE &&
    INVOICE.test(invoice)
  );
}

export function walletLink(invoice) {
  return isPayable(invoice) ? `fiber:${invoice}` : null;
}

/** The path and the view box of a QR code, or null where there is none to be drawn. */
export function qrDrawing(qr) {
  const { modules, path } = qr ?? {};
  const drawable =
    Number.isInteger(modules) &&
    modules >= SMALLEST_QR &&
    modules <= LARGEST_QR &&
    typeof path === "string" &&
    path.length > 0 &&
    path.length <= LONGEST_PATH &&
    SVG_PATH.test(path);
  if (!drawable) {
    return null;
  }
  const side = modules + 2 * MARGIN;
  return { path, viewBox: `${-MARGIN} ${-MARGIN} ${side} ${side}`, side };
}
