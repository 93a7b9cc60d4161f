# frozen_string_literal: true

require "rails_helper"

# What is recorded of people while they leave or are merged: two connections, so nothing is rolled
# back at the end, and everything is deleted instead.
RSpec.describe FiberLink::Lifecycle do
  self.use_transactional_tests = false

  before do
    SiteSetting.fiber_link_enabled = true
    FiberLink::FeedPosition.current.update!(created_at: 1.day.ago)
  end

  after do
    FiberLink::Tip.delete_all
    FiberLink::FormerAccount.delete_all
    FiberLink::Preferences.delete_all
    people = User.where(id: [author, giver, stays, *others].map(&:id))
    Notification.where(user_id: people.ids).delete_all
    Post.where(id: target_post.id).delete_all
    Topic.where(id: target_post.topic_id).delete_all
    people.delete_all
    FiberLink::FeedPosition.current.update!(created_at: Time.zone.now)
  end

  let(:author) { Fabricate(:user) }
  let(:giver) { Fabricate(:user) }
  let(:stays) { Fabricate(:user) }
  let(:others) { [] }
  let(:target_post) { Fabricate(:post, user: author) }

  def beside
    Thread.new { ActiveRecord::Base.connection_pool.with_connection { yield } }
  end

  # Until a process of the database waits for another one.
  def until_waiting
    waiting = <<~SQL
      SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database())
    SQL
    Timeout.timeout(30) do
      sleep 0.01 until ActiveRecord::Base.connection.select_value(waiting).positive?
    end
  end

  # Records a tip that settled, and yields before it is there for others.
  def record(tip, **changes)
    answer = FiberLink::Answer.new(wire_settlement(tip, **changes).as_json, "tip")
    FiberLink::FeedPosition.exclusively do
      FiberLink::TipRecorder.record(answer)
      yield if block_given?
    end
  end

  def settled_tip
    Fabricate(
      :fiber_link_tip,
      post: target_post,
      user: giver,
      message: "From me",
      settled_at: Time.zone.now,
    )
  end

  # The feed records the tip anew, and in the middle of it something happens to people.
  def recorded_while
    tip = settled_tip
    answer = { fromUserId: giver.id.to_s, message: "From me" }
    tip.delete
    happens = nil
    record(tip, **answer) do
      happens = beside { yield }
      until_waiting
    end
    happens.join
    FiberLink::Tip.find_by!(tip_id: tip.tip_id)
  end

  it "names nobody who is anonymized while the feed records what they gave" do
    recorded = recorded_while { described_class.user_anonymized(giver) }
    expect(recorded).to have_attributes(user_id: nil, anonymous: true, message: nil)
    expect(Notification.last.data).not_to include(giver.username, "From me")
  end

  it "moves what the feed records while people are merged" do
    recorded =
      recorded_while do
        described_class.merging_users(author, stays)
        described_class.merging_users(giver, author)
      end
    expect(recorded).to have_attributes(payee_id: stays.id, user_id: author.id)
    expect(Notification.last.user_id).to eq(stays.id)
  end

  it "records for who stays what comes while accounts are merged" do
    tip = settled_tip
    payee = author.id
    tip.delete
    feed = nil
    FiberLink::FeedPosition.exclusively do
      feed = beside { record(tip, fromUserId: giver.id.to_s) }
      until_waiting
      described_class.merging_users(author, stays)
    end
    feed.join
    User.find(payee).destroy!
    expect(FiberLink::Tip.find_by!(tip_id: tip.tip_id).payee_id).to eq(stays.id)
    expect(Notification.last.user_id).to eq(stays.id)
  end

  it "waits for the feed before a deletion forgets what it records" do
    recorded = recorded_while { described_class.user_destroyed(giver) }
    expect(recorded).to have_attributes(user_id: nil, anonymous: true, message: nil)
  end

  it "does not stop the feed, whoever is forgotten" do
    other = Fabricate(:user)
    others << other
    tips = [giver, other].map { |user| Fabricate(:fiber_link_tip, post: target_post, user: user) }
    tips.each { |tip| FiberLink::TipNotifier.tip_settled(tip) }
    news =
      [other, giver].map do |user|
        tip = Fabricate(:fiber_link_tip, post: target_post, user: user, state: "open")
        [tip, user.id.to_s]
      end
    forgets = nil
    FiberLink::FeedPosition.exclusively do
      answers =
        news.map do |tip, from|
          FiberLink::Answer.new(wire_settlement(tip, fromUserId: from).as_json, "tip")
        end
      FiberLink::TipRecorder.record(answers.first)
      forgets = beside { described_class.user_anonymized(giver) }
      until_waiting
      FiberLink::TipRecorder.record(answers.second)
    end
    forgets.join
    expect(FiberLink::Tip.where(user_id: giver.id)).to be_empty
    expect(FiberLink::Preferences).to be_closed(giver.id)
  end
end
