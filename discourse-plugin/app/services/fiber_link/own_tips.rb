# frozen_string_literal: true

module FiberLink
  # The tips that somebody received or gave, newest first.
  class OwnTips
    DIRECTIONS = %w[received given].freeze
    PAGE = 30

    def initialize(user, guardian, direction:)
      @user = user
      @guardian = guardian
      @direction = direction
    end

    def page(before: nil)
      tips = before ? list_before(before) : list
      rows = tips.includes(:user, :payee, post: { topic: :category }).limit(PAGE + 1).to_a
      more = rows.size > PAGE
      rows = rows.first(PAGE)
      { tips: rows.map { |tip| shown(tip) }, next: more ? rows.last.id.to_s : nil }
    end

    private

    def received?
      @direction == "received"
    end

    # What was not paid is no business of its payee.
    def list
      received? ? own.newest_settled : own.order(id: :desc)
    end

    def own
      received? ? Tip.settled.where(payee_id: @user.id) : Tip.where(user_id: @user.id)
    end

    def list_before(text)
      last = own.find_by(id: text) if text.match?(/\A\d{1,18}\z/)
      raise Discourse::InvalidParameters.new(:before) if last.nil?
      received? ? list.settled_before(last) : list.where("fiber_link_tips.id < ?", last.id)
    end

    def shown(tip)
      {
        id: tip.tip_id,
        direction: @direction,
        user: user(received? ? tip.named_user : tip.payee),
        post: post(tip.post),
        asset: tip.asset,
        amount: Amount.format(tip.amount),
        message: tip.message.presence,
        anonymous: tip.anonymous,
        state: tip.shown_state,
        created_at: tip.created_at,
        settled_at: tip.settled_at,
      }
    end

    def user(user)
      user && BasicUserSerializer.new(user, scope: @guardian, root: false).as_json
    end

    # The post or its topic may be gone, or in a category that was closed to its reader.
    def post(post)
      return if post&.topic.nil? || post.trashed? || !@guardian.can_see?(post)
      { id: post.id, url: post.url, topic_title: post.topic.title }
    end
  end
end
