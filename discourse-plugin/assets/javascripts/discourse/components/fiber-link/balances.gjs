import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";
import { isPositive } from "../../lib/fiber-link/decimal";

/** @type {import("@ember/component/template-only").TOC<{ Args: { name: string, label: string, meaning: string, amount: string, asset: string } }>} */
const Part = <template>
  <div class="fiber-link-balances__part --{{@name}}">
    <dt>{{@label}}</dt>
    <dd>
      <span class="fiber-link-balances__amount">{{amountOfAsset
          @amount
          @asset
        }}</span>
      {{#if (isPositive @amount)}}
        <span class="fiber-link-balances__meaning">{{@meaning}}</span>
      {{/if}}
    </dd>
  </div>
</template>;

/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLUListElement, Args: { balances: { asset: string, available: string, reserved: string, pending: string }[] } }>} */
const FiberLinkBalances = <template>
  <ul class="fiber-link-balances" ...attributes>
    {{#each @balances key="asset" as |balance|}}
      <li class="fiber-link-balances__asset" data-asset={{balance.asset}}>
        <dl class="fiber-link-balances__parts">
          <Part
            @name="available"
            @label={{i18n "fiber_link.wallet.balances.available"}}
            @meaning={{i18n "fiber_link.wallet.balances.available_meaning"}}
            @amount={{balance.available}}
            @asset={{balance.asset}}
          />
          {{#if (isPositive balance.reserved)}}
            <Part
              @name="reserved"
              @label={{i18n "fiber_link.wallet.balances.reserved"}}
              @meaning={{i18n "fiber_link.wallet.balances.reserved_meaning"}}
              @amount={{balance.reserved}}
              @asset={{balance.asset}}
            />
          {{/if}}
          {{#if (isPositive balance.pending)}}
            <Part
              @name="pending"
              @label={{i18n "fiber_link.wallet.balances.pending"}}
              @meaning={{i18n "fiber_link.wallet.balances.pending_meaning"}}
              @amount={{balance.pending}}
              @asset={{balance.asset}}
            />
          {{/if}}
        </dl>
      </li>
    {{/each}}
  </ul>
</template>;

export default FiberLinkBalances;
