# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipNotifier do
  fab!(:topic) { Fabricate(:topic, title: "About <b>bold</b> & \"quoted\" things") }
  fab!(:payee, :user)
  fab!(:target_post) { Fabricate(:post, topic: topic, user: payee) }
  fab!(:giver, :user)

  def tip(**attributes)
    defaults = { post: target_post, user: giver, settled_at: 1.second.from_now }
    Fabricate(:fiber_link_tip, **defaults.merge(attributes))
  end

  def notify(**attributes)
    described_class.tip_settled(tip(**attributes))
  end

  def notifications
    Notification.where(notification_type: Notification.types[:fiber_link_tip])
  end

  def data = notifications.last.data_hash

  it "tells the payee who tipped which post, how much, and with which words" do
    notify(message: "Thanks!", amount: BigDecimal("2.50"))
    expect(notifications.last).to have_attributes(
      user_id: payee.id,
      topic_id: topic.id,
      post_number: target_post.post_number,
      read: false,
    )
    expect(data).to include(
      display_username: giver.username,
      count: 1,
      totals: [{ "asset" => "CKB", "amount" => "2.5" }],
      message: "Thanks!",
      topic_title: topic.title,
    )
  end

  it "does not name who tipped anonymously, in any field" do
    notify(anonymous: true)
    expect(data).to include(display_username: nil, user_ids: [])
    expect(notifications.last.data).not_to include(giver.username, giver.name)
  end

  it "tells nobody who does not want to be told" do
    FiberLink::Preferences.stubs(:for).with(payee).returns(stub(notified?: false))
    notify
    expect(notifications).to be_empty
  end

  it "tells nobody about tips without a payee" do
    notify(payee: nil)
    expect(notifications).to be_empty
  end

  it "tells of a tip without its post when the post is deleted or out of sight" do
    target_post.trash!
    notify
    expect(notifications.last).to have_attributes(topic_id: nil, post_number: nil)
    target_post.recover!
    topic.update!(category: Fabricate(:private_category, group: Fabricate(:group)))
    notify
    expect(data[:topic_title]).to be_nil
  end

  it "tells administrators of tips for posts whose topic is deleted" do
    payee.update!(admin: true)
    topic.trash!
    target_post.reload
    notify
    expect(notifications.last).to have_attributes(topic_id: nil, post_number: nil)
    expect(data).to include(count: 1, topic_title: nil)
  end

  it "makes one of the unread notifications for one post" do
    other = Fabricate(:user)
    notify(amount: BigDecimal("1"))
    notify(amount: BigDecimal("2.5"), user: other, message: "The last words")
    expect(notifications.count).to eq(1)
    expect(data).to include(
      count: 2,
      display_username: other.username,
      username2: giver.username,
      message: "The last words",
      totals: [{ "asset" => "CKB", "amount" => "3.5" }],
    )
    notify(asset: "RUSD", amount: BigDecimal("1"))
    expect(data).to include(count: 3)
    expect(data[:totals].map { |total| total["asset"] }).to contain_exactly("CKB", "RUSD")
  end

  it "keeps the earlier notification where the new one cannot be written" do
    notify
    Notification.stubs(:create!).raises(RuntimeError)
    expect { Notification.transaction(requires_new: true) { notify } }.to raise_error(RuntimeError)
    expect(notifications.count).to eq(1)
    expect(data[:count]).to eq(1)
  end

  it "keeps what several payees are told apart, whoever is told meanwhile" do
    payees = Array.new(2) { Fabricate(:post, topic: topic) }
    2.times { payees.each { |post| notify(post: post, message: "For #{post.user.username}") } }
    payees.each do |post|
      own = notifications.where(user_id: post.user_id)
      expect(own.map { |one| one.data_hash[:message] }).to eq(["For #{post.user.username}"])
    end
  end

  it "begins anew when the notification was read, and for another post" do
    notify
    notifications.update_all(read: true)
    notify
    notify(post: Fabricate(:post, topic: topic, user: payee))
    expect(notifications.pluck(Arel.sql("data::json ->> 'count'"))).to eq(%w[1 1 1])
  end

  it "keeps a message of 280 characters of markup within what a notification holds" do
    script = "<script>&\u2028".ljust(280, "&")
    ["<" * 280, script, "\u{1f600}" * 280, "\\\"" * 140].each do |message|
      Notification.delete_all
      3.times { |n| notify(message: message, user: Fabricate(:user, username: "#{n}#{"x" * 19}")) }
      User.where("username LIKE '_xxx%'").update_all("username = 'u' || id")
      expect(notifications.last.data.length).to be <= 1000
      expect(data[:message].length).to be > 50
      expect(message).to start_with(data[:message].delete_suffix("…"))
    end
  end

  it "keeps a long title of a topic within it as well" do
    topic.update!(title: "<&>" * 80)
    notify(message: "<" * 280)
    expect(notifications.last.data.length).to be <= 1000
  end

  it "keeps the sums of many assets within it" do
    12.times { |n| notify(asset: "#{"A" * 100}#{n}", amount: BigDecimal("0.12345678")) }
    expect(notifications.count).to eq(1)
    expect(notifications.last.data.length).to be <= 1000
    expect(data[:count]).to eq(12)
  end

  describe FiberLink::WithdrawalNotifier do
    include_context "with a Fiber Link server"

    def end_withdrawal(type, fields = {}, at: 1.second.from_now)
      withdrawal = {
        id: "w-1",
        userId: payee.id.to_s,
        asset: "CKB",
        amount: "61.50",
        state: "COMPLETED",
      }
      serve_events([{ type: type, at: wire_time(at), withdrawal: withdrawal.merge(fields) }])
      FiberLink::FeedPosition.current.update!(cursor: nil)
      FiberLink::Feed.drain(pages: 1)
    end

    it "tells creators how their withdrawals ended" do
      %w[completed failed paid_late].each do |kind|
        end_withdrawal("withdrawal.#{kind}")
        notification = Notification.last
        expect(notification.user_id).to eq(payee.id)
        expect(notification.notification_type).to eq(54_772)
        expect(notification.data_hash).to eq(
          "kind" => kind,
          "withdrawal_id" => "w-1",
          "asset" => "CKB",
          "amount" => "61.5",
        )
      end
    end

    it "tells who has an account now that was merged into theirs" do
      stays = Fabricate(:user)
      UserMerger.new(payee, stays).merge!
      end_withdrawal("withdrawal.completed")
      expect(Notification.last.user_id).to eq(stays.id)
    end

    it "tells who a merge that goes on hands the account to, and its user after one was given up" do
      stays = Fabricate(:user)
      DiscourseEvent.trigger(:merging_users, payee, stays)
      end_withdrawal("withdrawal.completed")
      expect(Notification.last.user_id).to eq(stays.id)
      freeze_time 2.days.from_now
      end_withdrawal("withdrawal.failed")
      expect(Notification.last.user_id).to eq(payee.id)
    end

    it "tells of each end once, though the server's events are read anew" do
      2.times { end_withdrawal("withdrawal.failed") }
      expect(Notification.count).to eq(1)
      end_withdrawal("withdrawal.completed")
      end_withdrawal("withdrawal.failed", { id: "w-2" })
      expect(Notification.count).to eq(3)
    end

    it "tells nobody of withdrawals before the installation or of people who are gone" do
      end_withdrawal("withdrawal.completed", at: 1.day.ago)
      end_withdrawal("withdrawal.completed", { userId: "999999" })
      end_withdrawal("withdrawal.completed", { userId: "not-of-the-forum" })
      expect(Notification.count).to eq(0)
      expect(FiberLink::FeedPosition.current.passed_over).to eq(0)
    end
  end
end
