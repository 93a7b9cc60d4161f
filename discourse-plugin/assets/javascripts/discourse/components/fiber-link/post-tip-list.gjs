import Component from "@glimmer/component";
import { action } from "@ember/object";
import { schedule } from "@ember/runloop";
import { modifier } from "ember-modifier";
import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";
import { findTipsOfPost } from "../../lib/fiber-link/api";
import PagedList from "../../lib/fiber-link/paged-list";
import FiberLinkPagedList from "./paged-list";

/** @extends {Component<{ Args: { postId: number, count: number } }>} */
export default class FiberLinkPostTipList extends Component {
  list = new PagedList(async (before) => {
    const { tips, next } = await findTipsOfPost(this.args.postId, before);
    return { items: tips, next };
  });

  // Another tip has settled: the newest are read again.
  follow = modifier((element, [count]) => {
    const isFirst = this.shown === undefined;
    if (this.shown !== count) {
      this.shown = count;
      schedule("afterRender", this, isFirst ? this.load : this.refresh);
    }
  });

  #reading = Promise.resolve();

  load() {
    return this.#read(() => this.list.load());
  }

  @action
  loadMore() {
    return this.#read(() => this.list.loadMore());
  }

  @action
  retry() {
    return this.#read(() => this.list.retry());
  }

  // One after the other: what is being read belongs to the list as it is.
  async refresh() {
    await this.#reading;
    return this.#read(() => this.list.refresh());
  }

  #read(read) {
    this.#reading = read();
    return this.#reading;
  }

  <template>
    <div class="fiber-link-post-tip-list" {{this.follow @count}}>
      <FiberLinkPagedList
        @list={{this.list}}
        @label={{i18n "fiber_link.post.tips"}}
        @empty={{i18n "fiber_link.post.none_to_show"}}
        @loadMore={{this.loadMore}}
        @retry={{this.retry}}
        as |tip|
      >
        <li class="fiber-link-post-tip-list__tip">
          <span class="fiber-link-post-tip-list__user">
            {{#if tip.user}}
              <DUserLink @user={{tip.user}}>
                {{dAvatar tip.user imageSize="small"}}
                {{tip.user.username}}
              </DUserLink>
            {{else}}
              {{i18n "fiber_link.post.anonymous"}}
            {{/if}}
          </span>
          <span class="fiber-link-post-tip-list__amount">{{amountOfAsset
              tip.amount
              tip.asset
            }}</span>
          <span class="fiber-link-post-tip-list__time">{{dFormatDate
              tip.settled_at
              leaveAgo="true"
            }}</span>
          {{#if tip.message}}
            <q
              class="fiber-link-post-tip-list__message"
              dir="auto"
            >{{tip.message}}</q>
          {{/if}}
        </li>
      </FiberLinkPagedList>
    </div>
  </template>
}
