import { render } from "@ember/test-helpers";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkWithdrawalForm from "discourse/plugins/fiber-link/discourse/components/fiber-link/withdrawal-form";
import WithdrawalDraft from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-draft";

export const QUOTE = "/fiber-link/withdrawals/quote.json";
export const WITHDRAWALS = "/fiber-link/withdrawals.json";
export const ONE = ["CKB"];
export const TWO = ["CKB", "RUSD"];

export const DESTINATION = "[data-name='destination'] textarea";
export const AMOUNT = "[data-name='amount'] input";
export const ASSET = "[data-name='asset'] select";
export const SEND = ".fiber-link-withdrawal-form__send";
export const REASON = ".fiber-link-withdrawal-form__reason";

export function line(name) {
  return `.fiber-link-withdrawal-quote__line.--${name} dd`;
}

export function answerQuotesWith(answer) {
  pretender.post(QUOTE, () => response({ quote: answer }));
}

export function renderForm(assets, withdrawn) {
  const draft = new WithdrawalDraft(assets[0]);
  return render(
    <template>
      <FiberLinkWithdrawalForm
        @assets={{assets}}
        @draft={{draft}}
        @onWithdrawn={{withdrawn}}
      />
    </template>
  );
}
