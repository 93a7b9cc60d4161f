import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { service } from "@ember/service";
import getURL from "discourse/lib/get-url";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import { i18n } from "discourse-i18n";
import failureOf from "../../lib/fiber-link/failure-of";
import ownPage from "../../lib/fiber-link/own-page";
import { findLeaderboard } from "../../lib/fiber-link/wallet-api";
import FiberLinkChoices from "./choices";
import FiberLinkFailureNote from "./failure-note";
import FiberLinkLeaderboardBoard from "./leaderboard-board";
import FiberLinkPerson from "./person";

const PERIODS = ["week", "month", "all"];

/** @extends {Component<{ Element: HTMLDivElement, Args: {} }>} */
export default class FiberLinkLeaderboard extends Component {
  @service currentUser;

  @tracked period = "week";
  @tracked asset = null;
  @tracked board = null;
  @tracked isLoading = false;
  @tracked failure = null;

  #asked = 0;

  constructor(owner, args) {
    super(owner, args);
    this.load();
  }

  get periods() {
    return PERIODS.map((value) => ({
      value,
      text: i18n(`fiber_link.leaderboard.period.${value}`),
    }));
  }

  get assets() {
    return this.board.assets.map((asset) => ({ value: asset, text: asset }));
  }

  get hasSeveralAssets() {
    return this.board?.assets.length > 1;
  }

  get preferencesUrl() {
    return ownPage(this.currentUser);
  }

  // Only the answer to the newest question is shown.
  @action
  async load() {
    const asked = ++this.#asked;
    this.isLoading = true;
    this.failure = null;
    let board = null;
    let failure = null;
    try {
      board = await findLeaderboard({ period: this.period, asset: this.asset });
    } catch (error) {
      failure = failureOf(error);
    }
    if (asked === this.#asked) {
      this.isLoading = false;
      this.failure = failure;
      this.board = board ?? this.board;
    }
  }

  @action
  choosePeriod(period) {
    this.period = period;
    this.load();
  }

  @action
  chooseAsset(asset) {
    this.asset = asset;
    this.load();
  }

  <template>
    <div
      class="fiber-link-leaderboard"
      aria-busy={{if this.isLoading "true" "false"}}
      ...attributes
    >
      <h1 class="fiber-link-leaderboard__title">{{i18n
          "fiber_link.leaderboard.title"
        }}</h1>
      <div class="fiber-link-leaderboard__controls">
        <FiberLinkChoices
          @choices={{this.periods}}
          @label={{i18n "fiber_link.leaderboard.period.label"}}
          @onChange={{this.choosePeriod}}
          @value={{this.period}}
        />
        {{#if this.hasSeveralAssets}}
          <FiberLinkChoices
            @choices={{this.assets}}
            @label={{i18n "fiber_link.leaderboard.asset"}}
            @onChange={{this.chooseAsset}}
            @value={{this.board.asset}}
          />
        {{/if}}
      </div>

      {{#if this.failure}}
        <FiberLinkFailureNote
          @failure={{this.failure}}
          @isBusy={{this.isLoading}}
          @retry={{this.load}}
        />
      {{/if}}

      {{#if this.board}}
        <div
          class="fiber-link-leaderboard__boards {{if this.isLoading '--stale'}}"
        >
          <FiberLinkLeaderboardBoard
            @asset={{this.board.asset}}
            @empty={{i18n "fiber_link.leaderboard.topics_empty"}}
            @entries={{this.board.topics}}
            @name="topics"
            @title={{i18n "fiber_link.leaderboard.topics"}}
            as |entry|
          >
            <a
              class="fiber-link-leaderboard__topic"
              href={{getURL entry.topic.url}}
            >{{entry.topic.title}}</a>
          </FiberLinkLeaderboardBoard>
          <FiberLinkLeaderboardBoard
            @asset={{this.board.asset}}
            @empty={{i18n "fiber_link.leaderboard.creators_empty"}}
            @entries={{this.board.creators}}
            @name="creators"
            @title={{i18n "fiber_link.leaderboard.creators"}}
            as |entry|
          >
            <FiberLinkPerson @user={{entry.user}} />
          </FiberLinkLeaderboardBoard>
          <FiberLinkLeaderboardBoard
            @asset={{this.board.asset}}
            @empty={{i18n "fiber_link.leaderboard.tippers_empty"}}
            @entries={{this.board.tippers}}
            @name="tippers"
            @title={{i18n "fiber_link.leaderboard.tippers"}}
            as |entry|
          >
            <FiberLinkPerson @user={{entry.user}} />
          </FiberLinkLeaderboardBoard>
        </div>
      {{else}}
        <DConditionalLoadingSpinner @condition={{this.isLoading}} />
      {{/if}}

      {{#if this.currentUser}}
        <p class="fiber-link-leaderboard__hint">
          {{i18n "fiber_link.leaderboard.agree_hint"}}
          <a
            class="fiber-link-leaderboard__preferences"
            href={{this.preferencesUrl}}
          >{{i18n "fiber_link.leaderboard.to_preferences"}}</a>
        </p>
      {{/if}}
    </div>
  </template>
}
