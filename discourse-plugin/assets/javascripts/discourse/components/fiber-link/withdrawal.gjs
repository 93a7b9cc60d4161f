import Component from "@glimmer/component";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";
import localTime from "../../lib/fiber-link/local-time";
import { withdrawalState } from "../../lib/fiber-link/withdrawal-state";

const CKB_ADDRESS = /^ck[bt]1/i;

/** @extends {Component<{ Element: HTMLLIElement, Args: { withdrawal: any } }>} */
export default class FiberLinkWithdrawal extends Component {
  get state() {
    return withdrawalState(this.args.withdrawal.state);
  }

  // There is no invoice where an address was paid.
  get next() {
    const { state, destination } = this.args.withdrawal;
    return i18n(
      state === "completed" && CKB_ADDRESS.test(destination)
        ? "fiber_link.withdrawal.next.completed_to_address"
        : this.state.next
    );
  }

  get feeText() {
    const { fee, asset, fee_is_final } = this.args.withdrawal;
    return i18n(
      fee_is_final
        ? "fiber_link.withdrawal.fee_paid"
        : "fiber_link.withdrawal.fee_at_most",
      { fee: amountOfAsset(fee, asset) }
    );
  }

  get nextAttemptAt() {
    const { state, next_attempt_at } = this.args.withdrawal;
    return state === "retrying" ? next_attempt_at : null;
  }

  get reason() {
    const { state, reason } = this.args.withdrawal;
    return state === "completed" ? null : reason;
  }

  <template>
    <li
      class="fiber-link-withdrawal --{{this.state.tone}}"
      data-state={{@withdrawal.state}}
      ...attributes
    >
      <span class="fiber-link-withdrawal__icon">{{dIcon this.state.icon}}</span>
      <div class="fiber-link-withdrawal__body">
        <div class="fiber-link-withdrawal__head">
          <span class="fiber-link-withdrawal__amount">{{amountOfAsset
              @withdrawal.amount
              @withdrawal.asset
            }}</span>
          <span class="fiber-link-withdrawal__state">{{i18n
              this.state.label
            }}</span>
          <span class="fiber-link-withdrawal__time">{{dFormatDate
              @withdrawal.created_at
            }}</span>
        </div>
        <p class="fiber-link-withdrawal__next">
          {{this.next}}
          {{#if this.nextAttemptAt}}
            <span class="fiber-link-withdrawal__next-attempt">
              {{i18n "fiber_link.withdrawal.next_attempt"}}
              <time datetime={{this.nextAttemptAt}}>{{localTime
                  this.nextAttemptAt
                }}</time>
            </span>
          {{/if}}
        </p>
        {{#if this.reason}}
          <p class="fiber-link-withdrawal__reason">{{i18n
              "fiber_link.withdrawal.reason"
              reason=this.reason
            }}</p>
        {{/if}}
        <div class="fiber-link-withdrawal__details">
          <span class="fiber-link-withdrawal__fee">{{this.feeText}}</span>
          <details class="fiber-link-withdrawal__destination">
            <summary>{{i18n "fiber_link.withdrawal.show_destination"}}</summary>
            <code>{{@withdrawal.destination}}</code>
          </details>
        </div>
      </div>
    </li>
  </template>
}
