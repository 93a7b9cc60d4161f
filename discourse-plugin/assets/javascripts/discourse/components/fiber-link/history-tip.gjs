import Component from "@glimmer/component";
import getURL from "discourse/lib/get-url";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";
import { historyTipState } from "../../lib/fiber-link/history-tip-state";
import FiberLinkPerson from "./person";

/** @extends {Component<{ Element: HTMLLIElement, Args: { tip: any } }>} */
export default class FiberLinkHistoryTip extends Component {
  get state() {
    return historyTipState(this.args.tip.state);
  }

  get isGiven() {
    return this.args.tip.direction === "given";
  }

  // Received tips are settled: only for given ones the state says something.
  get showsState() {
    return this.isGiven || this.args.tip.state !== "settled";
  }

  get time() {
    return this.args.tip.settled_at ?? this.args.tip.created_at;
  }

  get postUrl() {
    return getURL(this.args.tip.post.url);
  }

  <template>
    <li
      class="fiber-link-history-tip --{{@tip.direction}} --{{@tip.state}}"
      ...attributes
    >
      <div class="fiber-link-history-tip__head">
        <FiberLinkPerson @user={{@tip.user}} />
        <span class="fiber-link-history-tip__amount">{{amountOfAsset
            @tip.amount
            @tip.asset
          }}</span>
      </div>
      <div class="fiber-link-history-tip__about">
        {{#if @tip.post}}
          <a
            class="fiber-link-history-tip__post"
            href={{this.postUrl}}
          >{{@tip.post.topic_title}}</a>
        {{else}}
          <span class="fiber-link-history-tip__post --gone">{{i18n
              "fiber_link.wallet.tips.post_gone"
            }}</span>
        {{/if}}
        {{#if this.showsState}}
          <span class="fiber-link-history-tip__state">{{dIcon this.state.icon}}
            {{i18n this.state.label}}</span>
        {{/if}}
        {{#if @tip.anonymous}}
          <span class="fiber-link-history-tip__anonymous">{{dIcon
              "user-secret"
            }}
            {{i18n
              (if
                this.isGiven
                "fiber_link.wallet.tips.given_anonymously"
                "fiber_link.wallet.tips.received_anonymously"
              )
            }}</span>
        {{/if}}
        <span class="fiber-link-history-tip__time">{{dFormatDate
            this.time
          }}</span>
      </div>
      {{#if @tip.message}}
        <blockquote
          class="fiber-link-history-tip__message"
          dir="auto"
        >{{@tip.message}}</blockquote>
      {{/if}}
    </li>
  </template>
}
