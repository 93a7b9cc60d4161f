import Component from "@glimmer/component";
import { service } from "@ember/service";
import getURL from "discourse/lib/get-url";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import { findPreferences, findWallet } from "../../lib/fiber-link/wallet-api";
import FiberLinkBalances from "./balances";
import FiberLinkFormerAccount from "./former-account";
import FiberLinkPreferences from "./preferences";
import FiberLinkRead from "./read";
import FiberLinkTipHistory from "./tip-history";
import FiberLinkWithdrawals from "./withdrawals";

function findOwnWallet() {
  return findWallet();
}

// The creator's page: what one has, what comes and goes, and what one chose.
/** @extends {Component<{ Element: HTMLDivElement, Args: { refreshAfter?: number } }>} */
export default class FiberLinkWalletPage extends Component {
  @service siteSettings;

  get leaderboardUrl() {
    return getURL("/fiber-link/leaderboard");
  }

  <template>
    <div class="fiber-link-wallet-page" ...attributes>
      <div class="fiber-link-wallet-page__head">
        <h2>{{i18n "fiber_link.wallet.title"}}</h2>
        {{#if this.siteSettings.fiber_link_leaderboard_enabled}}
          <a
            class="fiber-link-wallet-page__leaderboard"
            href={{this.leaderboardUrl}}
          >{{dIcon "trophy"}} {{i18n "fiber_link.leaderboard.title"}}</a>
        {{/if}}
      </div>

      <FiberLinkRead @find={{findOwnWallet}} as |wallet reload|>
        {{#if wallet}}
          <FiberLinkBalances @balances={{wallet.balances}} />
          <FiberLinkWithdrawals
            @balances={{wallet.balances}}
            @onChange={{reload}}
            @refreshAfter={{@refreshAfter}}
          />
          {{#each wallet.former_accounts key="id" as |account|}}
            <FiberLinkFormerAccount
              @account={{account}}
              @refreshAfter={{@refreshAfter}}
            />
          {{/each}}
        {{/if}}
      </FiberLinkRead>
      {{! The forum knows these also while the service does not answer. }}
      <FiberLinkTipHistory />
      <section class="fiber-link-wallet-page__preferences">
        <h3>{{i18n "fiber_link.preferences.title"}}</h3>
        <FiberLinkRead @find={{findPreferences}} as |answer|>
          {{#if answer}}
            <FiberLinkPreferences @preferences={{answer.preferences}} />
          {{/if}}
        </FiberLinkRead>
      </section>
    </div>
  </template>
}
