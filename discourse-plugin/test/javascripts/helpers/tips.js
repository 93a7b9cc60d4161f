import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";

export const POST = { id: 42, username: "sam", fiber_link_can_tip: true };

export const OPTIONS = {
  assets: [{ asset: "CKB", decimals: 8, minimum: "1", maximum: "100000" }],
  message_bus_last_id: 7,
};

export const TIP = {
  id: 5,
  post_id: 42,
  state: "open",
  asset: "CKB",
  amount: "10",
  message: null,
  anonymous: false,
  invoice: "fibt10000000001pexample",
  qr: { modules: 21, path: "M0 0h7v1h-7z" },
  expires_at: "2026-10-01T12:10:00Z",
  created_at: "2026-10-01T12:00:00Z",
  settled_at: null,
};

export function unavailable() {
  return response(503, {
    errors: ["The tipping service does not answer."],
    error_type: "fiber_link_unavailable",
  });
}

export function refused(message, extras = {}) {
  return response(422, {
    errors: [message],
    error_type: "fiber_link_refused",
    extras: { reason: "refused", ...extras },
  });
}

/**
 * The forum's side: `open` is the tip that is found, `options` what may be tipped, and
 * `create` answers the request for an invoice. What was asked is kept.
 */
export function forum({ open = null, options = OPTIONS, create } = {}) {
  const asked = { created: [], read: [] };
  pretender.get("/fiber-link/tips/open.json", () => response({ tip: open }));
  pretender.get("/fiber-link/tips/options.json", () => response(options));
  pretender.post("/fiber-link/tips.json", (request) => {
    const data = parsePostData(request.requestBody);
    asked.created.push(data);
    return create
      ? create(data, asked.created.length)
      : response({ tip: { ...TIP, amount: data.amount } });
  });
  pretender.get("/fiber-link/tips/:id", (request) => {
    asked.read.push(request.params.id);
    return response({ tip: asked.tip ?? { ...TIP } });
  });
  return asked;
}
