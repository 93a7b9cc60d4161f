import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";

// One of the lists of the leaderboard. The block says who or what an entry is.
/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLElement, Args: { name: string, title: string, empty: string, asset: string, entries: any[] }, Blocks: { default: [entry: any] } }>} */
const FiberLinkLeaderboardBoard = <template>
  <section class="fiber-link-leaderboard__board --{{@name}}" ...attributes>
    <h2 class="fiber-link-leaderboard__board-title">{{@title}}</h2>
    {{#if @entries.length}}
      {{! Not numbered by itself: a rank may be shared. }}
      <ul class="fiber-link-leaderboard__entries">
        {{#each @entries as |entry|}}
          <li class="fiber-link-leaderboard__entry">
            <span class="fiber-link-leaderboard__rank">{{entry.rank}}</span>
            <span class="fiber-link-leaderboard__who">{{yield entry}}</span>
            <span class="fiber-link-leaderboard__sum">
              <span class="fiber-link-leaderboard__amount">{{amountOfAsset
                  entry.amount
                  @asset
                }}</span>
              <span class="fiber-link-leaderboard__count">{{i18n
                  "fiber_link.leaderboard.tips"
                  count=entry.count
                }}</span>
            </span>
          </li>
        {{/each}}
      </ul>
    {{else}}
      <p class="fiber-link-leaderboard__empty">{{@empty}}</p>
    {{/if}}
  </section>
</template>;

export default FiberLinkLeaderboardBoard;
