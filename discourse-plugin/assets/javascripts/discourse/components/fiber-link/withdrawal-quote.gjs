import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";

/** @type {import("@ember/component/template-only").TOC<{ Args: { name: string, label: string, amount: string | null, asset: string } }>} */
const Line = <template>
  {{#if @amount}}
    <div class="fiber-link-withdrawal-quote__line --{{@name}}">
      <dt>{{@label}}</dt>
      <dd>{{amountOfAsset @amount @asset}}</dd>
    </div>
  {{/if}}
</template>;

// What a withdrawal costs and what limits it, before anything is sent.
/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLDListElement, Args: { quote: any } }>} */
const FiberLinkWithdrawalQuote = <template>
  <dl class="fiber-link-withdrawal-quote" ...attributes>
    <Line
      @name="amount"
      @label={{i18n "fiber_link.withdrawal.quote.amount"}}
      @amount={{@quote.amount}}
      @asset={{@quote.asset}}
    />
    <Line
      @name="fee"
      @label={{i18n "fiber_link.withdrawal.quote.fee"}}
      @amount={{@quote.fee}}
      @asset={{@quote.asset}}
    />
    <Line
      @name="total"
      @label={{i18n "fiber_link.withdrawal.quote.total"}}
      @amount={{@quote.total}}
      @asset={{@quote.asset}}
    />
    <Line
      @name="minimum"
      @label={{i18n "fiber_link.withdrawal.quote.minimum"}}
      @amount={{@quote.minimum}}
      @asset={{@quote.asset}}
    />
    <Line
      @name="maximum"
      @label={{i18n "fiber_link.withdrawal.quote.maximum"}}
      @amount={{@quote.maximum}}
      @asset={{@quote.asset}}
    />
    <Line
      @name="available"
      @label={{i18n "fiber_link.withdrawal.quote.available"}}
      @amount={{@quote.available}}
      @asset={{@quote.asset}}
    />
  </dl>
</template>;

export default FiberLinkWithdrawalQuote;
