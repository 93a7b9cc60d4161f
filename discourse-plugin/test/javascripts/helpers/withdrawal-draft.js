import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";
import WithdrawalDraft from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-draft";
import { quote } from "./fiber-link-fixtures";

export const QUOTE = "/fiber-link/withdrawals/quote.json";
export const WITHDRAWALS = "/fiber-link/withdrawals.json";

export function refusal(words, extras = {}) {
  return response(422, {
    errors: [words],
    error_type: "fiber_link_refused",
    extras: { reason: "refused", ...extras },
  });
}

export function unavailable() {
  return response(503, {
    errors: ["The service does not answer."],
    error_type: "fiber_link_unavailable",
  });
}

// Answers withdrawals one after the other, and with what was sent.
export function sends(...answers) {
  const sent = [];
  pretender.post(WITHDRAWALS, (request) => {
    sent.push(parsePostData(request.requestBody));
    return answers.shift();
  });
  return sent;
}

export function keysOf(sent) {
  return sent.map(({ idempotency_key }) => idempotency_key);
}

export async function quotedDraft(answer = quote()) {
  pretender.post(QUOTE, () => response({ quote: answer }));
  const draft = new WithdrawalDraft("CKB");
  draft.changeDestination("fibt1invoice");
  await draft.askForQuote();
  return draft;
}
