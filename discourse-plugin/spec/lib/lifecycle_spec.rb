# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Lifecycle do
  fab!(:admin)
  fab!(:topic)
  fab!(:author, :user)
  fab!(:giver, :user)
  fab!(:target_post) { Fabricate(:post, topic: topic, user: author) }
  fab!(:tip) do
    Fabricate(:fiber_link_tip, post: target_post, user: giver, message: "From me, Bruce")
  end

  before { SiteSetting.fiber_link_enabled = true }

  def total(post = target_post) = FiberLink::PostTips.of(post)

  describe "when somebody who tipped is deleted" do
    it "names them no more, and keeps the totals" do
      tip.update!(idempotency_key: "#{giver.id}:of-a-window")
      UserDestroyer.new(admin).destroy(giver)
      expect(tip.reload).to have_attributes(user_id: nil, payee_id: author.id, message: nil)
      expect(tip.idempotency_key).to be_nil
      expect(total).to eq(count: 1, totals: [{ asset: "CKB", amount: "10" }], users: [])
    end
  end

  describe "when somebody who was tipped is deleted" do
    it "keeps what was given" do
      UserDestroyer.new(admin).destroy(author)
      expect(tip.reload).to have_attributes(user_id: giver.id, payee_id: nil, state: "settled")
    end
  end

  describe "when somebody who tipped is anonymized" do
    it "names them nowhere any more, neither in the tips nor in notifications" do
      other = Fabricate(:user)
      tip.update!(settled_at: 1.second.from_now)
      FiberLink::TipNotifier.tip_settled(tip)
      FiberLink::TipNotifier.tip_settled(
        Fabricate(:fiber_link_tip, post: target_post, user: other, settled_at: 1.second.from_now),
      )
      name = giver.username
      UserAnonymizer.make_anonymous(giver, admin)
      expect(tip.reload).to have_attributes(user_id: nil, anonymous: true, message: nil)
      expect(total[:users].map { |user| user[:id] }).to eq([other.id])
      notification = Notification.last
      expect(notification.data).not_to include(name, "From me")
      expect(notification.data_hash).to include(count: 2, user_ids: [other.id])
    end

    it "does so while the plugin is off" do
      SiteSetting.fiber_link_enabled = false
      UserAnonymizer.make_anonymous(giver, admin)
      expect(tip.reload.anonymous).to eq(true)
    end

    it "leaves other people's tips and notifications alone" do
      other = Fabricate(:fiber_link_tip, post: target_post, message: "Mine")
      other.update!(settled_at: 1.hour.from_now)
      FiberLink::TipNotifier.tip_settled(other)
      was = Notification.last.data
      UserAnonymizer.make_anonymous(giver, admin)
      expect(other.reload).to have_attributes(anonymous: false, message: "Mine")
      expect(Notification.last.data).to eq(was)
    end
  end

  describe "when people are merged" do
    it "moves what they gave and got to the one who stays" do
      target = Fabricate(:user)
      UserMerger.new(giver, target, admin).merge!
      expect(tip.reload).to have_attributes(user_id: target.id, message: "From me, Bruce")
      stays = Fabricate(:user)
      UserMerger.new(author, stays, admin).merge!
      expect(tip.reload.payee_id).to eq(stays.id)
      expect(total[:users].map { |user| user[:id] }).to eq([target.id])
    end
  end

  it "hands on what was notified in the course of a merge" do
    tip.update!(settled_at: 1.second.from_now)
    stays = Fabricate(:user)
    FiberLink::TipNotifier.tip_settled(tip)
    described_class.merging_users(author, stays)
    expect(Notification.pluck(:user_id)).to eq([stays.id])
  end

  it "forgets also what somebody gave before a merge" do
    tip.update!(settled_at: 1.second.from_now)
    FiberLink::TipNotifier.tip_settled(tip)
    target = Fabricate(:user)
    name = giver.username
    UserMerger.new(giver, target, admin).merge!
    expect(Notification.last.data_hash).to include(user_ids: [target.id], message: tip.message)
    UserAnonymizer.make_anonymous(target, admin)
    expect(Notification.last.data).not_to include(name, "From me")
    expect(Notification.last.data_hash).to include(count: 1, user_ids: [])
  end

  describe "when a post is deleted" do
    it "keeps its tips, and has them again when it comes back" do
      PostDestroyer.new(admin, target_post).destroy
      expect(tip.reload.post_id).to eq(target_post.id)
      messages =
        MessageBus.track_publish("/topic/#{topic.id}") do
          PostDestroyer.new(admin, target_post).recover
        end
      expect(messages.first.data[:fiber_link_tips][:count]).to eq(1)
    end

    it "keeps tips without a post when it is deleted for good" do
      PostDestroyer.new(admin, target_post, force_destroy: true).destroy
      expect(tip.reload).to have_attributes(post_id: nil, topic_id: nil, payee_id: author.id)
    end
  end

  describe "when a post moves to another topic" do
    fab!(:destination, :topic)

    it "takes its tips along" do
      reply = Fabricate(:post, topic: topic)
      moved = Fabricate(:fiber_link_tip, post: reply)
      topic.move_posts(admin, [reply.id], destination_topic_id: destination.id)
      expect(moved.reload).to have_attributes(post_id: reply.id, topic_id: destination.id)
      expect(tip.reload.topic_id).to eq(topic.id)
    end

    it "takes them along with the copy of a first post" do
      topic.move_posts(admin, [target_post.id], destination_topic_id: destination.id)
      copy = Post.find_by(topic_id: destination.id)
      expect(tip.reload).to have_attributes(post_id: copy.id, topic_id: destination.id)
      expect(total(copy)[:count]).to eq(1)
      expect(total(target_post)).to be_nil
    end
  end

  describe "when all tips are fetched again" do
    include_context "with a Fiber Link server"

    def fetch_again
      answer = wire_settlement(tip, fromUserId: giver.id.to_s, message: "From me, Bruce")
      tip.destroy!
      serve_events([{ type: "tip.settled", tip: answer }])
      FiberLink::Feed.drain(pages: 1)
      FiberLink::Tip.last
    end

    def expect_forgotten(again)
      expect(again).to have_attributes(user_id: nil, anonymous: true, message: nil)
      expect(again).to have_attributes(payee_id: author.id, state: "settled")
      expect(Notification.last.data).not_to include(giver.username, "From me")
    end

    it "does not bring back the words of somebody who was deleted" do
      UserDestroyer.new(admin).destroy(giver)
      expect_forgotten(fetch_again)
    end

    it "does not bring back who was anonymized, though they chose anew" do
      UserAnonymizer.make_anonymous(giver, admin)
      FiberLink::Preferences.change(giver, accepts_tips: true, on_leaderboard: true)
      expect_forgotten(fetch_again)
    end

    it "brings back to the account that stays what a merged one gave" do
      stays = Fabricate(:user)
      UserMerger.new(giver, stays, admin).merge!
      expect(fetch_again).to have_attributes(user_id: stays.id, message: "From me, Bruce")
    end

    it "brings back to the account that stays what a merged one got" do
      stays = Fabricate(:user)
      payee = author.id
      UserMerger.new(author, stays, admin).merge!
      tip.reload.payee_id = payee
      expect(fetch_again.payee_id).to eq(stays.id)
    end

    it "names nobody whose account was anonymized before it was merged" do
      stays = Fabricate(:user)
      UserAnonymizer.make_anonymous(giver, admin)
      UserMerger.new(giver, stays, admin).merge!
      expect_forgotten(fetch_again)
    end

    it "names nobody who was anonymized after a merge, and then merged once more" do
      between, stays = Array.new(2) { Fabricate(:user) }
      UserMerger.new(giver, between, admin).merge!
      UserAnonymizer.make_anonymous(between, admin)
      UserMerger.new(between, stays, admin).merge!
      expect_forgotten(fetch_again)
    end

    it "brings everybody else back" do
      expect(fetch_again).to have_attributes(user_id: giver.id, message: "From me, Bruce")
    end
  end

  it "does not undo any of it when the server tells of the tip again" do
    tip.update!(state: "open", settled_at: nil)
    UserDestroyer.new(admin).destroy(giver)
    answer = wire_settlement(tip, fromUserId: giver.id.to_s, message: "From me, Bruce")
    FiberLink::TipRecorder.record(FiberLink::Answer.new(answer.as_json, "tip"))
    expect(tip.reload).to have_attributes(state: "settled", user_id: nil, message: nil)
  end
end
