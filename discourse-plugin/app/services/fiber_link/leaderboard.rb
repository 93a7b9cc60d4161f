# frozen_string_literal: true

module FiberLink
  # Who and what got the most settled tips of an asset: the topics that a viewer may see, and the
  # creators and tippers who agreed to be shown. Those with the same amount share a rank.
  class Leaderboard
    # Back from now. The first one is shown where none is named.
    PERIODS = { "week" => 1.week, "month" => 1.month, "all" => nil }.freeze
    SIZE = 10
    KEPT = 1.minute

    def self.assets
      SiteSetting.fiber_link_assets.split("|")
    end

    def initialize(guardian, period:, asset:)
      @guardian = guardian
      @period = period
      @asset = asset
    end

    def as_json(*)
      {
        period: @period,
        asset: @asset,
        assets: self.class.assets,
        topics: topics,
        creators: people("payee_id"),
        tippers: people("user_id"),
      }
    end

    private

    def tips
      tips = Tip.settled.where(asset: @asset)
      length = PERIODS.fetch(@period)
      length ? tips.where("fiber_link_tips.settled_at > ?", length.ago) : tips
    end

    # Everybody who reads the same categories sees the same topics. What was closed or deleted
    # meanwhile is gone at once: topics are looked up each time.
    def topics
      categories = Digest::SHA256.hexdigest(@guardian.secure_category_ids.sort.join(","))
      rows = kept("topics:#{categories}") { ranked(for_visible_posts, "posts.topic_id") }
      by_id = visible_topics.where(id: rows.map { |row| row[:id] }).index_by(&:id)
      fill(rows, :topic) do |id|
        topic = by_id[id]
        topic && { id: topic.id, title: topic.title, url: topic.relative_url }
      end
    end

    def visible_topics
      Topic.listable_topics.visible.secured(@guardian)
    end

    # By the post, which may have been moved to another topic since it was tipped.
    def for_visible_posts
      tips
        .joins("JOIN posts ON posts.id = fiber_link_tips.post_id")
        .where("posts.deleted_at IS NULL AND NOT posts.hidden")
        .where(posts: { post_type: Post.types[:regular], topic_id: visible_topics.select(:id) })
    end

    def kept(name, &rows)
      key = "fiber-link:leaderboard:#{name}:#{@period}:#{@asset}"
      Discourse.cache.fetch(key, expires_in: KEPT, &rows)
    end

    # Whoever agreed is the same for everybody who looks. Who takes it back is gone at once: people
    # are looked up each time.
    def people(column)
      rows = kept(column) { ranked(agreed(column), "fiber_link_tips.#{column}") }
      ids = Preferences.where(user_id: rows.map { |row| row[:id] }, on_leaderboard: true)
      by_id = User.where(id: ids.select(:user_id)).index_by(&:id)
      fill(rows, :user) do |id|
        user = by_id[id]
        user && BasicUserSerializer.new(user, scope: @guardian, root: false).as_json
      end
    end

    def agreed(column)
      named = column == "user_id" ? tips.where(anonymous: false) : tips
      named.joins(<<~SQL)
        JOIN fiber_link_preferences
        ON fiber_link_preferences.user_id = fiber_link_tips.#{column}
        AND fiber_link_preferences.on_leaderboard
      SQL
    end

    def ranked(tips, column)
      sum = "SUM(fiber_link_tips.amount)"
      tips
        .group(column)
        .order(Arel.sql("#{sum} DESC, #{column}"))
        .limit(SIZE)
        .pluck(
          Arel.sql(column),
          Arel.sql(sum),
          Arel.sql("COUNT(*)"),
          Arel.sql("RANK() OVER (ORDER BY #{sum} DESC)"),
        )
        .map do |id, amount, count, rank|
          { id: id, rank: rank, amount: Amount.format(amount), count: count }
        end
    end

    def fill(rows, name)
      rows.filter_map do |row|
        shown = yield(row[:id])
        shown && { rank: row[:rank], name => shown, amount: row[:amount], count: row[:count] }
      end
    end
  end
end
