# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::QrCode do
  # The modules that a path fills.
  def drawn(code)
    dark = Array.new(code[:modules]) { Array.new(code[:modules], false) }
    code[:path].scan(/M(\d+) (\d+)h(\d+)v1h-(\d+)z/) do |x, y, width, back|
      expect(width).to eq(back)
      width.to_i.times { |offset| dark[y.to_i][x.to_i + offset] = true }
    end
    dark
  end

  it "draws the modules of the code, and nothing else" do
    text = "FIBT1#{"Q9" * 210}"
    expect(drawn(described_class.of(text))).to eq(RQRCode::QRCode.new(text, level: :l).modules)
  end

  it "takes less space for an invoice in lower-case letters, as capitals mean the same there" do
    invoice = "fibt1#{"q9" * 210}"
    expect(described_class.of(invoice)).to eq(described_class.of(invoice.upcase))
    expect(described_class.of(invoice)[:path].length).to be < 30_000
  end

  it "leaves letters of both cases as they are" do
    text = "fibT1#{"q9" * 20}"
    expect(drawn(described_class.of(text))).to eq(RQRCode::QRCode.new(text, level: :l).modules)
  end

  it "is nothing where the text does not fit, or is none" do
    expect(described_class.of("aB" * 2000)).to be_nil
    expect(described_class.of(nil)).to be_nil
  end
end
