# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Payees do
  fab!(:payee, :user)
  fab!(:giver, :user)
  fab!(:target_post) { Fabricate(:post, user: payee) }

  def payee?(by = giver) = described_class.among([payee.id], giver: by) == [payee.id]

  def offered?(viewer = giver)
    FiberLink::TipPolicy.new(viewer, [target_post]).offered?(target_post)
  end

  def ignore(until_time = 1.day.from_now)
    IgnoredUser.create!(user: payee, ignored_user: giver, expiring_at: until_time)
  end

  it "are those of many who take tips, found by one query" do
    FiberLink::Preferences.change(payee, accepts_tips: false)
    FiberLink::Preferences.change(giver, accepts_tips: true)
    third = Fabricate(:user)
    group = Fabricate(:group)
    group.add(Fabricate(:user))
    SiteSetting.fiber_link_excluded_groups = group.id.to_s
    found = nil
    ids = [payee.id, giver.id, third.id, nil, third.id, -1, *group.users.map(&:id)]
    queries = track_sql_queries { found = described_class.among(ids, giver: giver) }
    expect(found).to contain_exactly(giver.id, third.id)
    expect(queries.size).to eq(1)
    expect(track_sql_queries { described_class.among([]) }).to be_empty
  end

  it "are nobody who cannot log in to withdraw" do
    [
      { suspended_till: 1.year.from_now },
      { staged: true },
      { active: false },
    ].each do |state|
      was = payee.attributes.slice(*state.keys.map(&:to_s))
      payee.update!(state)
      expect([state, payee?, offered?, offered?(nil)]).to eq([state, false, false, false])
      payee.update!(was)
    end
    payee.update!(suspended_till: 1.day.ago)
    expect([payee?, offered?, offered?(nil)]).to eq([true, true, true])
  end

  it "are nobody who ignores or mutes the giver, as long as they do" do
    ignore(1.day.ago)
    expect(payee?).to eq(true)
    ignore
    expect([payee?, offered?]).to eq([false, false])
    expect([payee?(nil), offered?(nil), offered?(Fabricate(:user))]).to eq([true, true, true])
    IgnoredUser.delete_all
    MutedUser.create!(user: payee, muted_user: giver)
    expect([payee?, offered?]).to eq([false, false])
    expect { FiberLink::TipPolicy.new(giver, [target_post]).check!(target_post) }.to raise_error(
      FiberLink::Refused,
    ) { |error| expect(error.reason).to eq(:not_tippable) }
  end

  it "are not told of a tip whose giver they began to ignore, an anonymous one neither" do
    ignore
    [true, false].each do |anonymous|
      tip = Fabricate(:fiber_link_tip, post: target_post, user: giver, anonymous: anonymous,
                                       settled_at: 1.second.from_now)
      FiberLink::TipNotifier.tip_settled(tip)
    end
    expect(Notification.count).to eq(0)
  end
end
