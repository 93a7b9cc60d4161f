# frozen_string_literal: true

require "rails_helper"

RSpec.describe PostSerializer do
  fab!(:topic)
  fab!(:author, :user)
  fab!(:reader, :user)
  fab!(:target_post) { Fabricate(:post, topic: topic, user: author) }

  before { SiteSetting.fiber_link_enabled = true }

  def page(user = reader, of: topic)
    view = TopicView.new(of.id, user)
    TopicViewSerializer.new(view, scope: Guardian.new(user), root: false).as_json.dig(
      :post_stream,
      :posts,
    )
  end

  def shown(user = reader, post: target_post)
    page(user, of: post.topic).find { |json| json[:id] == post.id }
  end

  def fill(topic, posts:, tips:)
    made = posts.times.map { Fabricate(:post, topic: topic) }
    tips.times { |n| Fabricate(:fiber_link_tip, post: made[n % posts], user: Fabricate(:user)) }
  end

  describe "fiber_link_tips" do
    it "is null without a settled tip" do
      Fabricate(:fiber_link_tip, post: target_post, state: "open")
      Fabricate(:fiber_link_tip, post: target_post, state: "expired")
      expect(shown[:fiber_link_tips]).to be_nil
    end

    it "adds amounts up exactly, for each asset" do
      %w[0.1 0.2 90071992547409.91 0.00000001].each do |amount|
        Fabricate(:fiber_link_tip, post: target_post, amount: BigDecimal(amount))
      end
      Fabricate(:fiber_link_tip, post: target_post, asset: "RUSD", amount: BigDecimal("2.50"))
      tips = shown[:fiber_link_tips]
      expect(tips[:count]).to eq(5)
      expect(tips[:totals]).to eq(
        [{ asset: "CKB", amount: "90071992547410.21000001" }, { asset: "RUSD", amount: "2.5" }],
      )
      expect(tips.to_json).to match_fiber_link_schema("tips_of_post")
    end

    it "names the newest five who tipped by name, each once" do
      givers =
        7.times.map do |n|
          Fabricate(:user).tap do |giver|
            Fabricate(:fiber_link_tip, post: target_post, user: giver, settled_at: n.hours.ago)
          end
        end
      Fabricate(:fiber_link_tip, post: target_post, user: givers[6], settled_at: 1.minute.from_now)
      Fabricate(:fiber_link_tip, post: target_post, anonymous: true)
      Fabricate(:fiber_link_tip, post: target_post, user: nil)
      tips = shown[:fiber_link_tips]
      names = tips[:users].map { |user| user[:username] }
      expect(names).to eq(givers.values_at(6, 0, 1, 2, 3).map(&:username))
      expect(tips[:count]).to eq(10)
    end

    it "keeps the tips of one post from another" do
      other = Fabricate(:post, topic: topic)
      Fabricate(:fiber_link_tip, post: other)
      expect(shown[:fiber_link_tips]).to be_nil
      expect(shown(post: other)[:fiber_link_tips][:count]).to eq(1)
    end

    it "is absent, and costs nothing, where posts are not shown as a topic" do
      Fabricate(:fiber_link_tip, post: target_post)
      scope = Guardian.new(reader)
      json = nil
      queries =
        track_sql_queries do
          json = described_class.new(target_post, scope: scope, root: false).as_json
        end
      expect(json.keys).not_to include(:fiber_link_tips, :fiber_link_can_tip)
      expect(queries.grep(/fiber_link/)).to be_empty
    end

    it "is absent while the plugin is off" do
      SiteSetting.fiber_link_enabled = false
      expect(shown.keys).not_to include(:fiber_link_tips, :fiber_link_can_tip)
    end
  end

  describe "fiber_link_can_tip" do
    it "offers the button to readers and visitors, not to the author" do
      expect(shown(reader)[:fiber_link_can_tip]).to eq(true)
      expect(shown(nil)[:fiber_link_can_tip]).to eq(true)
      expect(shown(author)[:fiber_link_can_tip]).to eq(false)
    end

    it "offers no button on posts that are not for everybody" do
      admin = Fabricate(:admin)
      [
        Fabricate(:whisper, topic: topic),
        Fabricate(:post, topic: topic, hidden: true),
        Fabricate(:post, topic: topic, deleted_at: 1.day.ago),
        Fabricate(:post, topic: topic, post_type: Post.types[:small_action]),
        Fabricate(:post, topic: topic).tap { |post| post.update_columns(user_id: nil) },
      ].each { |post| expect(shown(admin, post: post)[:fiber_link_can_tip]).to eq(false) }
      expect(shown(admin)[:fiber_link_can_tip]).to eq(true)
    end

    it "follows the settings of groups and categories" do
      group = Fabricate(:group)
      SiteSetting.fiber_link_tip_groups = group.id.to_s
      expect(shown[:fiber_link_can_tip]).to eq(false)
      group.add(reader)
      expect(shown(reader.reload)[:fiber_link_can_tip]).to eq(true)
      topic.update!(category: Fabricate(:category))
      SiteSetting.fiber_link_excluded_categories = topic.category_id.to_s
      expect(shown[:fiber_link_can_tip]).to eq(false)
    end
  end

  it "asks the database as often for 20 posts with 200 tips as for 2 posts with 2" do
    SiteSetting.fiber_link_excluded_groups = Fabricate(:group).id.to_s
    SiteSetting.fiber_link_excluded_categories = Fabricate(:category).id.to_s
    small = Fabricate(:topic)
    large = Fabricate(:topic)
    fill(small, posts: 2, tips: 2)
    fill(large, posts: 20, tips: 200)
    page(reader, of: small)
    counts =
      [small, large].map do |one|
        viewer = User.find(reader.id)
        json = nil
        queries = track_sql_queries { json = page(viewer, of: one) }
        expect(json.sum { |post| post[:fiber_link_tips][:count] }).to eq(one == small ? 2 : 200)
        expect(json.map { |post| post[:fiber_link_can_tip] }.uniq).to eq([true])
        queries.size
      end
    expect(counts.last).to eq(counts.first)
  end

  it "asks nothing of its own for a page without posts" do
    empty = Fabricate(:topic)
    reader.reload
    with = track_sql_queries { page(of: empty) }
    SiteSetting.fiber_link_enabled = false
    without = track_sql_queries { page(of: empty) }
    expect(with.size).to eq(without.size)
    expect(with.grep(/fiber_link/)).to be_empty
  end

  it "asks at most six questions of its own for a page of posts" do
    User.find(reader.id).then { |viewer| page(viewer) }
    with = track_sql_queries { page(User.find(reader.id)) }.size
    SiteSetting.fiber_link_enabled = false
    without = track_sql_queries { page(User.find(reader.id)) }.size
    expect(with - without).to be_between(1, 6)
  end
end
