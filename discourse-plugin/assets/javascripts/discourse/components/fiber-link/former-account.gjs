import Component from "@glimmer/component";
import { action } from "@ember/object";
import { i18n } from "discourse-i18n";
import { findWallet } from "../../lib/fiber-link/wallet-api";
import FiberLinkBalances from "./balances";
import FiberLinkRead from "./read";
import FiberLinkWithdrawals from "./withdrawals";

// What is left in an account that was merged into one's own: the service keeps the two apart.
/** @extends {Component<{ Element: HTMLElement, Args: { account: { id: string, username: string | null }, refreshAfter?: number } }>} */
export default class FiberLinkFormerAccount extends Component {
  @action
  find() {
    return findWallet(this.args.account.id);
  }

  get name() {
    const { id, username } = this.args.account;
    return username ?? id;
  }

  <template>
    <section
      class="fiber-link-former-account"
      data-account={{@account.id}}
      ...attributes
    >
      <h3>{{i18n "fiber_link.wallet.former_account.title" name=this.name}}</h3>
      <p class="fiber-link-former-account__meaning">{{i18n
          "fiber_link.wallet.former_account.meaning"
        }}</p>
      <FiberLinkRead @find={{this.find}} as |wallet reload|>
        {{#if wallet}}
          <FiberLinkBalances @balances={{wallet.balances}} />
          <FiberLinkWithdrawals
            @account={{@account.id}}
            @balances={{wallet.balances}}
            @onChange={{reload}}
            @refreshAfter={{@refreshAfter}}
            @title={{i18n
              "fiber_link.wallet.former_account.withdrawals"
              name=this.name
            }}
          />
        {{/if}}
      </FiberLinkRead>
    </section>
  </template>
}
