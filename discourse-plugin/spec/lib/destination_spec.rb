# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Destination do
  def wire(text)
    described_class.parse(text)&.to_wire
  end

  it "tells a CKB address from an invoice by how it begins" do
    %w[ckt1qz ckb1qz CKT1QZ Ckb1qz].each do |text|
      expect(wire(text)).to eq(kind: "CKB_ADDRESS", address: text)
    end
    %w[fibt1qz ckx1qz ck fibb1ckt1].each do |text|
      expect(wire(text)).to eq(kind: "PAYMENT_REQUEST", paymentRequest: text)
    end
  end

  it "takes what was pasted with space around it, or as a link" do
    expect(wire(" \tfiber:fibt1qz\n")).to eq(kind: "PAYMENT_REQUEST", paymentRequest: "fibt1qz")
    expect(wire("FIBER:FIBT1QZ")).to eq(kind: "PAYMENT_REQUEST", paymentRequest: "FIBT1QZ")
  end

  it "takes nothing that is too long, no visible ASCII, no text, or empty" do
    [
      "",
      " ",
      "fiber:",
      "a b",
      "a\nb",
      "a\0b",
      "fibt1\u202e",
      "é",
      "\xff",
      "x" * 4097,
      nil,
      7,
      ["x"],
      { "a" => "b" },
    ].each { |text| expect([text, wire(text)]).to eq([text, nil]) }
    expect(wire("x" * 4096)).to be_present
  end
end
