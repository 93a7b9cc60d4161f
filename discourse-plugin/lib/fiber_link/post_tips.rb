# frozen_string_literal: true

module FiberLink
  # What is shown below posts: how many tips, how much of each asset, and who tipped by name. For
  # any number of posts it takes the same three queries.
  class PostTips
    USERS_SHOWN = 5

    def self.of(post, scope: Guardian.new)
      new([post.id], scope: scope).of(post.id)
    end

    def initialize(post_ids, scope:)
      @post_ids = post_ids
      @scope = scope
    end

    # `{ count:, totals: [{ asset:, amount: }], users: [user] }`, or nil without a settled tip.
    def of(post_id)
      sums = sums_by_post[post_id]
      return if sums.nil?
      {
        count: sums.sum { |sum| sum[:count] },
        totals: sums.map { |sum| { asset: sum[:asset], amount: Amount.format(sum[:amount]) } },
        users: users_by_post.fetch(post_id, []),
      }
    end

    private

    def tips
      Tip.settled.where(post_id: @post_ids)
    end

    def sums_by_post
      @sums_by_post ||=
        tips
          .group(:post_id, :asset)
          .order(:post_id, Arel.sql("COUNT(*) DESC"), :asset)
          .pluck(:post_id, :asset, Arel.sql("SUM(amount)"), Arel.sql("COUNT(*)"))
          .map { |post_id, *sum| [post_id, %i[asset amount count].zip(sum).to_h] }
          .group_by(&:first)
          .transform_values { |sums| sums.map(&:last) }
    end

    def users_by_post
      @users_by_post ||=
        begin
          ids = newest_givers
          users = User.where(id: ids.map(&:last).uniq).index_by(&:id)
          ids
            .group_by(&:first)
            .transform_values { |pairs| pairs.filter_map { |_, id| user_json(users[id]) } }
        end
    end

    def newest_givers
      givers =
        tips
          .where(anonymous: false)
          .where.not(user_id: nil)
          .group(:post_id, :user_id)
          .select(<<~SQL)
            post_id, user_id,
            ROW_NUMBER() OVER (PARTITION BY post_id ORDER BY MAX(settled_at) DESC, user_id) AS place
          SQL
      Tip
        .unscoped
        .from(givers, :givers)
        .where("place <= ?", USERS_SHOWN)
        .order(Arel.sql("post_id, place"))
        .pluck(Arel.sql("givers.post_id"), Arel.sql("givers.user_id"))
    end

    def user_json(user)
      user && BasicUserSerializer.new(user, scope: @scope, root: false).as_json
    end
  end
end
